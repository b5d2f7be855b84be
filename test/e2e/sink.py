"""sink.py FILE HOST PORT [OCTETS]: takes what comes, which may be a PUT of HTTP, and answers at once with OCTETS of its own. FILE gets a line for each connection when it
ends: how many octets came, and how it ended. Datagrams are counted in one line each."""
import re
import socket
import sys
import threading

path, host, port, own = sys.argv[1], sys.argv[2], int(sys.argv[3]), int((sys.argv[4:] or ["0"])[0])


def note(line):
    with open(path, "a") as file:
        file.write(f"{line}\n")


def take(conn):
    count, head, whole = 0, b"", None
    resets = []
    # An error of a socket is told once only, to whichever of the two asks first.
    giving = threading.Thread(target=give, args=(conn, resets), daemon=True)
    giving.start()
    try:
        while data := conn.recv(1 << 16):
            count += len(data)
            if whole is None and b"\r\n\r\n" in (head := head + data):
                length = re.search(rb"content-length: *(\d+)", head, re.I)
                whole = head.index(b"\r\n\r\n") + 4 + int(length[1]) if length else 0
            if count == whole and not own:
                conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    except ConnectionResetError as error:
        resets.append(error)
    giving.join(5)
    note(f"{count} {'reset' if resets else 'closed'}")


def give(conn, resets):
    try:
        if own:
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % own + b"x" * own)
    except ConnectionResetError as error:
        resets.append(error)
    except OSError:
        pass


def datagrams(sock):
    while True:
        data, peer = sock.recvfrom(1 << 16)
        note(f"{len(data)} datagram")
        sock.sendto(data, peer)


family = socket.AF_INET6 if ":" in host else socket.AF_INET
server = socket.create_server((host, port), family=family)
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.bind((host, port))
threading.Thread(target=datagrams, args=(sock,), daemon=True).start()
note("ready")
while True:
    conn, _ = server.accept()
    threading.Thread(target=take, args=(conn,), daemon=True).start()
