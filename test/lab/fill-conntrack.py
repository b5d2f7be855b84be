"""fill-conntrack.py fill COUNT | empty: connections that nobody has, in the connection tracking of this network namespace. They count
as answered, so that the kernel does not let them go for others."""
import socket
import struct
import sys

NEW, DELETE = 0x100, 0x102
REQUEST, ACK, CREATE = 1, 4, 0x600
NESTED = 0x8000
STATUS, TIMEOUT = 3, 7
SEEN_ASSURED_CONFIRMED = 0xE
UDP = 17


def attribute(kind, value):
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + b"\0" * (-length % 4)


def tuple_of(kind, source, target, source_port, target_port):
    ip = attribute(1, socket.inet_aton(source)) + attribute(2, socket.inet_aton(target))
    proto = attribute(1, bytes([UDP])) + attribute(2, struct.pack("!H", source_port)) + attribute(3, struct.pack("!H", target_port))
    return attribute(kind | NESTED, attribute(1 | NESTED, ip) + attribute(2 | NESTED, proto))


def message(kind, flags, body=b""):
    rest = struct.pack("=BBH", socket.AF_INET, 0, 0) + body
    return struct.pack("=IHHII", 16 + len(rest), kind, flags, 0, 0) + rest


def connection(number):
    ends = (f"192.0.2.{1 + number // 60_000}", "203.0.113.1", 1024 + number % 60_000, 9)
    back = (ends[1], ends[0], ends[3], ends[2])
    settings = attribute(STATUS, struct.pack("!I", SEEN_ASSURED_CONFIRMED)) + attribute(TIMEOUT, struct.pack("!I", 120))
    return message(NEW, REQUEST | CREATE, tuple_of(1, *ends) + tuple_of(2, *back) + settings)


netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
if sys.argv[1] == "empty":
    netlink.send(message(DELETE, REQUEST | ACK))
    netlink.recv(4096)
else:
    batch = b""
    for number in range(int(sys.argv[2])):
        batch += connection(number)
        if len(batch) > 60_000:
            netlink.send(batch)
            batch = b""
    netlink.send(batch)
print(open("/proc/sys/net/netfilter/nf_conntrack_count").read().strip())
