"""Times connect(2) alone, and socket, connect and close together. Prints nanoseconds a call of each, and stays on one processor."""
import os
import socket
import sys
import time

kind, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
spent = 0
whole = time.perf_counter_ns()
for _ in range(count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as s:
        start = time.perf_counter_ns()
        s.connect((address, port))
        spent += time.perf_counter_ns() - start
        if kind == "tcp":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
print(spent / count, (time.perf_counter_ns() - whole) / count)
