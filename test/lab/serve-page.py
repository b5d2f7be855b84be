"""serve-page.py CERT KEY HOST PORT: a page that asks for more by connections of their own, and says that HTTP/3 is to be had at the
same port. It is not: a datagram that comes there is noted in a line, and not answered."""
import http.server
import socket
import ssl
import sys
import threading

cert, key, host, port = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
PAGE = b"""<title>none</title><script>
for (let turn = 1; turn <= 3; turn++) {
  const request = new XMLHttpRequest();
  request.open('GET', '/' + turn, false);
  request.send();
  document.title = request.responseText;
}
</script>"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGE if self.path == "/" else f"got {self.path}".encode()
        self.send_response(200)
        self.send_header("Alt-Svc", f'h3=":{port}"; ma=3600')
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def datagrams(sock):
    while True:
        data, _ = sock.recvfrom(2048)
        print(f"datagram {len(data)}", flush=True)


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((host, port))
threading.Thread(target=datagrams, args=(sock,), daemon=True).start()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server = http.server.ThreadingHTTPServer((host, port), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
