"""Asks a server for a name, again and again, until a file is there: how many, how many in vain, the slowest answer."""
import json, os, socket, struct, sys, time

server, name, stop = sys.argv[1:]
query = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"
asked = unanswered = slowest = 0
while not os.path.exists(stop):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        # As long as a stub resolver waits.
        sock.settimeout(5)
        began = time.monotonic()
        sock.sendto(struct.pack("!6H", asked & 0xFFFF, 0x100, 1, 0, 0, 0) + query, (server, 53))
        try:
            sock.recv(4096)
        except TimeoutError:
            unanswered += 1
        slowest = max(slowest, time.monotonic() - began)
    asked += 1
    time.sleep(0.005)
print(json.dumps({"asked": asked, "unanswered": unanswered, "slowestMs": round(slowest * 1000)}))
