"""Connections that carry much.

serve HOST PORT            answers all of them, over TCP and UDP
over tcp|udp HOST PORT [SOURCE]
                           does what its input says, a line for each: put OCTETS, get OCTETS, wait SECONDS, close, reset.
                           Says "N done" after line N, or the name of the error.
checksums INTERFACE        from now on they are made before packets leave there, and looked at where these arrive
"""
import array
import errno
import fcntl
import socket
import struct
import sys
import threading
import time

PIECE = 1200


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def answer(conn):
    with conn:
        lines = conn.makefile("rb")
        for line in lines:
            what, octets = line.split()
            if what == b"put":
                left = int(octets)
                while left:
                    got = len(lines.read1(left))
                    if not got:
                        return
                    left -= got
                conn.sendall(b"taken\n")
            elif what == b"get":
                conn.sendall(b"x" * int(octets))
            else:
                time.sleep(float(octets))
                conn.sendall(b"late\n")


def quietly(conn):
    try:
        answer(conn)
    except OSError:
        pass


def echo(sock):
    while True:
        data, sender = sock.recvfrom(65536)
        if data == b"a whole probe":
            print("forged", flush=True)
        sock.sendto(data, sender)


def serve(host, port):
    sock = socket.socket(family(host), socket.SOCK_DGRAM)
    sock.bind((host, int(port)))
    threading.Thread(target=echo, args=(sock,), daemon=True).start()
    with socket.create_server((host, int(port)), family=family(host)) as server:
        print("listening", flush=True)
        while True:
            threading.Thread(target=quietly, args=(server.accept()[0],), daemon=True).start()


def tcp_line(conn, lines, what, amount):
    if what == "reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if what in ("close", "reset"):
        lines.close()
        return conn.close()
    conn.sendall(f"{what} {amount}\n".encode())
    if what == "put":
        conn.sendall(b"x" * int(amount))
    left = int(amount) if what == "get" else len(b"taken\n" if what == "put" else b"late\n")
    while left:
        got = len(lines.read1(left))
        if not got:
            raise ConnectionError("closed")
        left -= got


def udp_line(sock, _lines, _what, amount):
    for _ in range(int(amount) // PIECE):
        sock.send(b"x" * PIECE)
        sock.recv(65536)


def over(transport, host, port, source="0"):
    kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
    conn = socket.socket(family(host), kind)
    conn.bind(("", int(source)))
    conn.settimeout(30)
    conn.connect((host, int(port)))
    lines = conn.makefile("rb") if transport == "tcp" else None
    act = tcp_line if transport == "tcp" else udp_line
    print("open", conn.getsockname()[1], flush=True)
    for number, line in enumerate(sys.stdin, 1):
        what, _, amount = line.strip().partition(" ")
        try:
            act(conn, lines, what, amount)
            print(number, "done", flush=True)
        except TimeoutError:
            print(number, "timeout", flush=True)
        except OSError as problem:
            print(number, errno.errorcode.get(problem.errno, str(problem)), flush=True)


def checksums(interface):
    # SIOCETHTOOL with ETHTOOL_STXCSUM
    setting = array.array("B", struct.pack("II", 0x17, 0))
    request = struct.pack("16sP", interface.encode(), setting.buffer_info()[0])
    fcntl.ioctl(socket.socket(), 0x8946, request)


globals()[sys.argv[1]](*sys.argv[2:])
