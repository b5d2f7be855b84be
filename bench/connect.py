"""Times connect(2) alone, and socket, connect and close together, on one processor.

Prints nanoseconds a call: of connect by the clock, of connect and of all three in processor time of the caller. Over a veth pair
the peer's side of the handshake runs on the caller's time, and nobody else's work counts.
"""
import os
import socket
import sys
import time

kind, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
clock, busy = time.perf_counter_ns, time.thread_time_ns


def both(work):
    start = clock()
    begun = busy()
    work()
    ended = busy()
    return clock() - start, ended - begun


def once(spent):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as s:
        wall, used = both(lambda: s.connect((address, port)))
        spent[0] += wall
        spent[1] += used
        if kind == "tcp":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


empty = [sum(column) / count for column in zip(*(both(lambda: None) for _ in range(count)))]
for _ in range(count // 10):
    once([0, 0])
spent = [0, 0]
whole = busy()
for _ in range(count):
    once(spent)
print(spent[0] / count - empty[0], spent[1] / count - empty[1], (busy() - whole) / count)
