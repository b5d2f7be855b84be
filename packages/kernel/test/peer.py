"""Answers on the ports named: tcp:N and udp:N echo, dns:N answers every query by repeating it over UDP and TCP."""
import socket
import sys
import threading


def serve_tcp(sock):
    while True:
        conn, _ = sock.accept()
        threading.Thread(target=echo, args=(conn,), daemon=True).start()


def echo(conn):
    try:
        while data := conn.recv(4096):
            conn.sendall(data)
    except OSError:
        pass


def serve_udp(sock):
    while True:
        data, peer = sock.recvfrom(4096)
        sock.sendto(data, peer)


for service in sys.argv[1:]:
    kind, port = service.split(":")
    for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for transport, run in ((socket.SOCK_STREAM, serve_tcp), (socket.SOCK_DGRAM, serve_udp)):
            if kind == ("tcp" if transport == socket.SOCK_DGRAM else "udp"):
                continue
            sock = socket.socket(family, transport)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if transport == socket.SOCK_STREAM:
                sock.setsockopt(socket.IPPROTO_TCP, 23, 16)
            sock.bind((any_address, int(port)))
            if transport == socket.SOCK_STREAM:
                sock.listen(64)
            threading.Thread(target=run, args=(sock,), daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
