"""A TCP client that makes its packets by itself, to show a gateway other octets than the server reads.

HOST PORT MODE HELLO    prints what the server sent back, as text

honest          HELLO as it should be
two-syns        two beginnings: HELLO belongs to the one that the server did not take
before          HELLO behind 100 octets that come later
lost-syn        the same behind a beginning that ends on its way
short-lived     HELLO does not live as long as the way to the server
bad-checksum    HELLO that the server will not take
again           HELLO, then a new connection between the same ends
same-number     the same at once, with the same number; says "asked" before, and goes on when it is told to
"""
import os
import select
import socket
import struct
import sys
import time

host, port, mode, hello = sys.argv[1], int(sys.argv[2]), sys.argv[3], bytes.fromhex(sys.argv[4])
EVIL = b"evil" * 25
SYN, RST, PUSH, ACK = 2, 4, 8, 16

probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
probe.connect((host, 9))
own = probe.getsockname()[0]
source = 20000 + os.getpid() % 20000
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
back = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send(flags, seq, ack=0, data=b"", ttl=64, wrong=0):
    head = struct.pack("!HHIIBBHHH", source, port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
    ends = socket.inet_aton(own) + socket.inet_aton(host)
    total = checksum(ends + struct.pack("!BBH", 0, 6, 20 + len(data)) + head + data)
    head = head[:16] + struct.pack("!H", total ^ wrong) + head[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(data), 7, 0, ttl, 6, 0) + ends
    out.sendto(ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + head + data, (host, 0))


def receive(seconds):
    """Segments of the server: flags, seq, ack, payload."""
    found = []
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([back], [], [], left)[0]:
            return found
        packet = back.recv(65536)
        if packet[12:16] != socket.inet_aton(host):
            continue
        tcp = packet[20:]
        from_port, to_port, seq, ack = struct.unpack("!HHII", tcp[:12])
        if (from_port, to_port) != (port, source):
            continue
        found.append((tcp[13], seq, ack, tcp[(tcp[12] >> 4) * 4 :]))
        if tcp[13] & SYN:
            return found


def connect(*beginnings):
    answers = []
    for wait in (1, 2, 4):
        for number in beginnings:
            send(SYN, number)
        answers = answers or [each for each in receive(wait) if each[0] & SYN]
        if answers:
            break
    if not answers:
        print("no answer")
        sys.exit(0)
    _, seq, ack, _ = answers[0]
    send(ACK, ack, seq + 1)
    return ack, seq + 1


said = b""
if mode == "two-syns":
    first, theirs = connect(1000, 900000)
    other = 900001 if first == 1001 else 1001
    send(PUSH | ACK, other, theirs, hello)
    time.sleep(0.3)
    send(PUSH | ACK, first, theirs, EVIL)
else:
    first, theirs = connect(1000)
    if mode == "honest":
        send(PUSH | ACK, first, theirs, hello)
    elif mode in ("before", "lost-syn"):
        if mode == "lost-syn":
            send(SYN, 5000000, ttl=1)
        send(PUSH | ACK, first + len(EVIL), theirs, hello)
        time.sleep(0.3)
        send(PUSH | ACK, first, theirs, EVIL)
    elif mode == "short-lived":
        send(PUSH | ACK, first, theirs, hello, ttl=1)
        time.sleep(0.3)
        send(PUSH | ACK, first, theirs, EVIL)
    elif mode == "bad-checksum":
        send(PUSH | ACK, first, theirs, hello, wrong=0x1234)
        time.sleep(0.3)
        send(PUSH | ACK, first, theirs, EVIL)
    elif mode == "again":
        send(PUSH | ACK, first, theirs, hello)
        said = b"".join(each[3] for each in receive(0.5))[:2]
        send(RST | ACK, first + len(hello), theirs)
        first, theirs = connect(5000000)
        send(PUSH | ACK, first, theirs, EVIL)
    elif mode == "same-number":
        send(PUSH | ACK, first, theirs, hello)
        # The server has not seen what is held.
        send(RST | ACK, first, theirs)
        send(SYN, 1000)
        answers = [each for each in receive(1) if each[0] & SYN]
        print("asked", flush=True)
        sys.stdin.readline()
        if answers:
            theirs = answers[0][1] + 1
            send(ACK, first, theirs)
        else:
            first, theirs = connect(1000)
        send(PUSH | ACK, first, theirs, EVIL)
# What is honest is answered, however long that takes.
for _ in range(20 if mode == "honest" else 1):
    said += b"".join(each[3] for each in receive(1))
    if said:
        break
print(said.decode("latin1", "replace").encode("ascii", "replace").decode())
