"""The first message of a real TLS client, sent in pieces. Says "server hello" when it is answered by one.

records NAME HOST PORT      in TLS records of sixteen octets each (RFC 8446 §5.1 lets a message span records)
segments NAME HOST PORT     in TCP segments of seven octets each
"""
import socket
import ssl
import struct
import sys
import time

how, name, host, port = sys.argv[1:]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
client = context.wrap_bio(coming, going, server_hostname=name)
try:
    client.do_handshake()
except ssl.SSLWantReadError:
    hello = going.read()

if how == "records":
    body = hello[5:]
    cut = [body[at : at + 16] for at in range(0, len(body), 16)]
    pieces = [b"".join(hello[:3] + struct.pack("!H", len(each)) + each for each in cut)]
else:
    pieces = [hello[at : at + 7] for at in range(0, len(hello), 7)]

try:
    with socket.create_connection((host, int(port)), 3) as conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            conn.sendall(piece)
            time.sleep(0.002)
        print("server hello" if conn.recv(1) == b"\x16" else "refused")
except OSError as problem:
    print(problem)
