"""Connects datagram sockets to places that no policy of the test allows, so many a second, until a file is there: how many, how many were let."""
import json, os, socket, sys, time

rate, stop = float(sys.argv[1]), sys.argv[2]
BATCH = 50
tried = passed = 0
began = time.monotonic()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    while not os.path.exists(stop):
        for _ in range(BATCH):
            try:
                sock.connect((f"198.51.100.{60 + tried // 60000 % 90}", 1024 + tried % 60000))
                passed += 1
            except PermissionError:
                pass
            tried += 1
        time.sleep(max(0, began + tried / rate - time.monotonic()))
seconds = time.monotonic() - began
print(json.dumps({"tried": tried, "passed": passed, "perSecond": round(tried / seconds)}))
