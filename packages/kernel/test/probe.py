"""One attempt to send something, and what came of it: the first argument names the attempt."""
import errno
import os
import socket
import struct
import sys

# Of what answers, on a machine that does much else. What may be silent is asked for briefly.
WAIT = 15


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def tcp(host, port, protocol=0):
    sock = socket.socket(family(host), socket.SOCK_STREAM, protocol)
    sock.settimeout(WAIT)
    sock.connect((host, int(port)))
    sock.sendall(b"hello")
    return "ok" if sock.recv(16) == b"hello" else "mute"


def mptcp(host, port):
    return tcp(host, port, 262)


def udp(host, port):
    sock = socket.socket(family(host), socket.SOCK_DGRAM)
    sock.settimeout(WAIT)
    sock.connect((host, int(port)))
    sock.send(b"hello")
    return "ok" if sock.recv(16) == b"hello" else "mute"


def sendto(*targets):
    """One unconnected socket, several destinations in turn."""
    results = []
    sock = socket.socket(family(targets[0]), socket.SOCK_DGRAM)
    sock.settimeout(WAIT)
    for host, port in zip(targets[::2], targets[1::2]):
        results.append(attempt(lambda: unconnected(sock, host, int(port))))
    return " ".join(results)


def unconnected(sock, host, port):
    sock.sendto(b"hello", (host, port))
    data, peer = sock.recvfrom(16)
    return "ok" if data == b"hello" and peer[:2] == (host, port) else f"from {peer}"


def fastopen(host, port):
    sock = socket.socket(family(host), socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", WAIT, 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", WAIT, 0))
    sock.sendto(b"hello", 0x20000000, (host, int(port)))
    return "ok" if sock.recv(16) == b"hello" else "mute"


def raw(host):
    sock = socket.socket(family(host), socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.sendto(b"\x08\0\xf7\xff\0\0\0\0", (host, 0))
    return "ok"


def packet():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    return "ok"


def ping(host):
    six = ":" in host
    sock = socket.socket(family(host), socket.SOCK_DGRAM, 58 if six else 1)
    sock.settimeout(WAIT)
    sock.sendto(struct.pack("!BBHHH", 128 if six else 8, 0, 0, 0, 1), (host, 0))
    sock.recv(64)
    return "ok"


def option(level, name, value):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(int(level), int(name), int(value))
    return "ok"


def tcpname(host, port):
    sock = socket.create_connection((host, int(port)), WAIT)
    sock.sendall(b"hello")
    return f"{sock.recv(16).decode()} {sock.getpeername()[0]} {sock.getpeername()[1]}"


def hold(host, port):
    """Says how a connection fares before and after each line of input."""
    sock = socket.create_connection((host, int(port)), WAIT)
    sock.settimeout(60)
    while True:
        sock.sendall(b"hello")
        print(sock.recv(16).decode(), flush=True)
        if not sys.stdin.readline():
            return "end"


def reconnect(host, port, other):
    """After a line of input: connect(2) elsewhere on the connected socket, then what the first peer answers."""
    sock = socket.create_connection((host, int(port)))
    sock.sendall(b"hello")
    print(sock.recv(16).decode(), flush=True)
    sys.stdin.readline()
    print(attempt(lambda: sock.connect((host, int(other)))), flush=True)
    sock.settimeout(1)
    sock.sendall(b"hello")
    return sock.recv(16).decode()


def each_line():
    """For every line `uid attempt host port` of input one line: what came of it as that user."""
    for line in sys.stdin:
        uid, kind, host, port = line.split()
        os.setresuid(int(uid), int(uid), 0)
        try:
            print(attempt(lambda: {"tcp": only_connect, "udp": only_send}[kind](host, int(port))), flush=True)
        finally:
            os.setresuid(0, 0, 0)
    return "end"


def only_connect(host, port):
    """An answer of any kind means that the connection was let through."""
    with socket.socket(family(host), socket.SOCK_STREAM) as sock:
        sock.settimeout(0.2)
        try:
            sock.connect((host, port))
        except (ConnectionRefusedError, TimeoutError):
            pass
    return "ok"


def only_send(host, port):
    with socket.socket(family(host), socket.SOCK_DGRAM) as sock:
        sock.sendto(b"hello", (host, port))
    return "ok"


def hammer(host, port, seconds, *targets):
    """Connects without pause; counts outcomes."""
    import time
    end, good, refused, other = time.monotonic() + float(seconds), 0, 0, 0
    print("started", flush=True)
    while time.monotonic() < end:
        sock = socket.socket(family(host), socket.SOCK_STREAM)
        sock.settimeout(WAIT)
        try:
            sock.connect((host, int(port)))
            good += 1
        except PermissionError:
            refused += 1
        except OSError as error:
            other += 1
        sock.close()
    return f"good={good} refused={refused} other={other}"


def briefly(*rest):
    global WAIT
    WAIT = 0.7
    return globals()[rest[0]](*rest[1:])


def as_uid(uid, *rest):
    os.setgid(int(uid))
    os.setuid(int(uid))
    return globals()[rest[0]](*rest[1:])


def later(*rest):
    sys.stdin.readline()
    return globals()[rest[0]](*rest[1:])


def accept(port):
    server = socket.create_server(("0.0.0.0", int(port)))
    print("ready", flush=True)
    conn, _ = server.accept()
    conn.sendall(b"welcome")
    return "ok"


def leave(path):
    with open(path, "w") as procs:
        procs.write("0")
    return "left"


def attempt(call):
    try:
        return call()
    except TimeoutError:
        return "timeout"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


print(attempt(lambda: globals()[sys.argv[1]](*sys.argv[2:])), flush=True)
