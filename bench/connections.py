"""New TCP connections a second.

serve ADDRESS PORT            accepts and closes
connect ADDRESS PORT SECONDS  connects and waits for the end, one after another; prints how many a second
"""
import socket
import sys
import time

what, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if what == "serve":
    with socket.create_server((address, port), backlog=1024) as server:
        print("listening", flush=True)
        while True:
            server.accept()[0].close()

count, began = 0, time.perf_counter()
while time.perf_counter() - began < float(sys.argv[4]):
    with socket.create_connection((address, port), 5) as conn:
        conn.recv(1)
    count += 1
print(count / (time.perf_counter() - began))
