"""One attempt of a client, told in one line: ok, or the name of the error.

briefly WHAT ...        the same as WHAT, of what may be silent
tcp HOST PORT           connects, and has a line sent back
hold HOST PORT          the same again and again until it fails, after saying "open"
udp HOST PORT SIZE      one datagram, and its echo
spoof FROM HOST PORT    a datagram with another's address as its source
options HOST PORT       a datagram with an IP option
later HOST              a fragment that is not the first
error HOST              an ICMP error about a packet that nobody sent
"""
import errno
import socket
import struct
import sys
import time

# Of what answers, on a machine that does much else.
WAIT = 15

def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def header(source, target, protocol, size, flags=0, options=b"", number=7):
    length = 20 + len(options)
    parts = (0x40 + length // 4, 0, length + size, number, flags, 64, protocol, 0)
    head = struct.pack("!BBHHHBBH", *parts) + socket.inet_aton(source) + socket.inet_aton(target) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:]


def datagram(port, payload=b"a whole probe"):
    return struct.pack("!HHHH", 4000, int(port), 8 + len(payload), 0) + payload


def send_raw(target, packet):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(packet, (target, 0))


def own_address(host):
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    probe.connect((host, 9))
    return probe.getsockname()[0]


def briefly(what, *rest):
    global WAIT
    WAIT = 1
    return globals()[what](*rest)


def tcp(host, port):
    with socket.create_connection((host, int(port)), WAIT) as conn:
        conn.sendall(b"probe\n")
        return "ok" if conn.recv(64) else "closed"


def hold(host, port):
    with socket.create_connection((host, int(port)), WAIT) as conn:
        while True:
            conn.sendall(b"probe\n")
            if not conn.recv(64):
                return "closed"
            print("open", flush=True)
            time.sleep(0.1)


def udp(host, port, size="5"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(WAIT)
        sock.connect((host, int(port)))
        sock.send(b"x" * int(size))
        return "ok" if len(sock.recv(65536)) == int(size) else "cut"


def spoof(source, host, port):
    body = datagram(port)
    if ":" in host:
        ends = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, host)
        raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        raw.sendto(struct.pack("!IHBB", 6 << 28, len(body), 17, 64) + ends + body, (host, 0))
    else:
        send_raw(host, header(source, host, 17, len(body)) + body)
    return "sent"


def options(host, port):
    body = datagram(port)
    # A record route option, which needs no cooperation.
    send_raw(host, header(own_address(host), host, 17, len(body), 0, b"\x07\x07\x04\x00\x00\x00\x00\x00") + body)
    return "sent"


def later(host):
    body = b"x" * 64
    send_raw(host, header(own_address(host), host, 17, len(body), 3, b"", 77) + body)
    return "sent"


def error(host):
    inner = header(own_address(host), host, 17, 8) + datagram(9)[:8]
    body = struct.pack("!BBHI", 3, 3, 0, 0) + inner
    body = body[:2] + struct.pack("!H", checksum(body)) + body[4:]
    send_raw(host, header(own_address(host), host, 1, len(body)) + body)
    return "sent"


try:
    print(globals()[sys.argv[1]](*sys.argv[2:]))
except TimeoutError:
    print("timeout")
except OSError as problem:
    print(errno.errorcode.get(problem.errno, str(problem)))
