"""Requests over one connection, until the standard input ends; then how many. It never connects again.

URL
"""
import http.client
import ssl
import sys
import threading
import urllib.parse

url = urllib.parse.urlsplit(sys.argv[1])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()

conn = http.client.HTTPSConnection(url.hostname, url.port or 443, timeout=30, context=context)
conn.connect()
# Without this http.client would open another connection in silence.
conn.auto_open = 0
answered = 0
while not over.wait(0.05):
    conn.request("GET", "/")
    if b"hello" in conn.getresponse().read():
        answered += 1
        print("answered", answered, flush=True)
print("kept", answered)
