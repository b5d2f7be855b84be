"""The first message of a real TLS client, in pieces or with something in it. Says "server hello" when it is answered by one.

records NAME HOST PORT      in TLS records of sixteen octets each (RFC 8446 §5.1 lets a message span records)
segments NAME HOST PORT     in TCP segments of seven octets each
ech NAME HOST PORT          with an Encrypted ClientHello, so that NAME is the outer one (RFC 9849 §5)
"""
import os
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
elif how == "ech":
    # Outer, HKDF-SHA256 and AES-128-GCM, a configuration, an encapsulated key, what is sealed: as random as the real ones look.
    sealed = bytes((0, 0, 1, 0, 1, 7)) + struct.pack("!H", 32) + os.urandom(32) + struct.pack("!H", 176) + os.urandom(176)
    extension = struct.pack("!HH", 0xFE0D, len(sealed)) + sealed
    at = 9 + 34
    at += 1 + hello[at]
    at += 2 + struct.unpack_from("!H", hello, at)[0]
    at += 1 + hello[at]
    most = struct.unpack_from("!H", hello, at)[0] + len(extension)
    body = hello[9:at] + struct.pack("!H", most) + extension + hello[at + 2 :]
    pieces = [hello[:3] + struct.pack("!H", len(body) + 4) + b"\1\0" + struct.pack("!H", len(body)) + body]
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
