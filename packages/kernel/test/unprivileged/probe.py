"""What the guarded command tries: prints the outcome, and whether it came at once."""
import os, socket, sys, time

def tcp(host, port):
    with socket.create_connection((host, int(port)), timeout=20) as s:
        s.sendall(b"hello")
        return s.recv(64).decode()

def udp(host, port, seconds=20):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        s.connect((host, int(port)))
        s.send(b"hello")
        return s.recv(64).decode()

def briefly(host, port):
    return udp(host, port, 2)

def ping(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as s:
        s.settimeout(1)
        s.connect((host, 0))
        s.send(bytes([8, 0, 0, 0, 0, 0, 0, 1]))
        return "answered" if s.recv(64) else "empty"

def raw(*_):
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    return "opened"

def packet(*_):
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
    return "opened"

def mark(*_):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, 36, 1)
    return "marked"

def unix(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
    return "connected"

def daemon(host, port, path):
    """Forks twice out of its session; the grandchild tries, and writes what came of it."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            with open(path + ".new", "w") as f:
                f.write(outcome(tcp, [host, port]))
            os.rename(path + ".new", path)
            time.sleep(60)
        os._exit(0)
    os.wait()
    while not os.path.exists(path):
        time.sleep(0.02)
    return open(path).read()

def outcome(tried, args):
    """What waits to be sent again is slow each time; what only had to wait for the processor is not."""
    for _ in range(3):
        start = time.monotonic()
        try:
            text = tried(*args)
        except OSError as error:
            text = error.strerror or type(error).__name__
        if time.monotonic() - start < 0.9:
            return f"{text} fast"
        if "timed out" in text or "TimeoutError" in text:
            break
    return f"{text} slow"

print(outcome(globals()[sys.argv[1]], sys.argv[2:]))
