"""Connections that say what they carried.

serve FILE HOST PORT OCTETS   takes what a connection sends, answers with OCTETS, and notes in FILE what it has sent to which port;
                              datagrams are sent back
tcp HOST PORT TEXT OCTETS [TIMES SIDE]  TIMES connections, SIDE at a time: sends TEXT and OCTETS more, and takes the answer
keep HOST PORT OCTETS         sends OCTETS, and closes when its input ends
stream HOST PORT              goes on sending until its input ends, and takes the answer
udp HOST PORT SIZE TIMES      datagrams of SIZE octets by one socket, each with its echo

What was sent counts as the kernel counts it, with what was sent twice. Each connection is one line of JSON.
"""
import fcntl
import json
import select
import socket
import struct
import sys
import termios
import threading
import time
from concurrent.futures import ThreadPoolExecutor

BYTES_SENT = 200


def sent(conn):
    """When all of it has been acknowledged: nothing is sent again after that."""
    deadline = time.monotonic() + 30
    while struct.unpack("i", fcntl.ioctl(conn, termios.TIOCOUTQ, b"\0" * 4))[0] and time.monotonic() < deadline:
        time.sleep(0.001)
    return struct.unpack_from("=Q", conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232), BYTES_SENT)[0]


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def answer(conn, peer, file, octets):
    with conn:
        while conn.recv(1 << 16):
            pass
        conn.sendall(b"y" * octets)
        line = json.dumps({"from": peer[0], "port": peer[1], "sent": sent(conn)})
    with open(file, "a") as notes:
        notes.write(line + "\n")


def echo(sock):
    while True:
        data, peer = sock.recvfrom(1 << 16)
        sock.sendto(data, peer)


def serve(file, host, port, octets):
    server = socket.create_server((host, int(port)), family=family(host), backlog=4096)
    sock = socket.socket(family(host), socket.SOCK_DGRAM)
    sock.bind((host, int(port)))
    threading.Thread(target=echo, args=(sock,), daemon=True).start()
    print("ready", flush=True)
    while True:
        conn, peer = server.accept()
        threading.Thread(target=answer, args=(conn, peer, file, int(octets)), daemon=True).start()


def tell(conn, got):
    sys.stdout.write(json.dumps({"port": conn.getsockname()[1], "sent": sent(conn), "got": got}) + "\n")
    sys.stdout.flush()


def finish(conn):
    conn.shutdown(socket.SHUT_WR)
    got = 0
    while data := conn.recv(1 << 16):
        got += len(data)
    tell(conn, got)


def exchange(host, port, text, octets):
    with socket.create_connection((host, int(port)), 30) as conn:
        conn.sendall(text.encode() + b"x" * int(octets))
        finish(conn)


def tcp(host, port, text, octets, times="1", side="1"):
    with ThreadPoolExecutor(int(side)) as pool:
        for done in [pool.submit(exchange, host, port, text, octets) for _ in range(int(times))]:
            done.result()


def keep(host, port, octets):
    with socket.create_connection((host, int(port)), 30) as conn:
        conn.sendall(b"x" * int(octets))
        tell(conn, 0)
        sys.stdin.read()


def stream(host, port):
    with socket.create_connection((host, int(port)), 30) as conn:
        while not select.select([sys.stdin], [], [], 0.002)[0]:
            conn.sendall(b"x" * (1 << 15))
        finish(conn)


def udp(host, port, size, times):
    with socket.socket(family(host), socket.SOCK_DGRAM) as sock:
        sock.connect((host, int(port)))
        sock.settimeout(20)
        for _ in range(int(times)):
            sock.send(b"x" * int(size))
            sock.recv(1 << 16)
        print(json.dumps({"port": sock.getsockname()[1]}), flush=True)


globals()[sys.argv[1]](*sys.argv[2:])
