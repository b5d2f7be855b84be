"""Runs commands where it runs itself, for whoever is elsewhere.

serve SOCKET          says "ready", and runs what it is asked to
ask SOCKET COMMAND... has COMMAND run there with the environment, the output and the errors of this process, and ends as it does;
                      what it has started ends with it
"""
import json
import os
import signal
import socket
import subprocess
import sys
import threading


def run(conn):
    with conn:
        asked, files, _, _ = socket.recv_fds(conn, 1 << 20, 2)
        command, env = json.loads(asked)
        child = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=files[0], stderr=files[1], start_new_session=True
        )
        for file in files:
            os.close(file)
        threading.Thread(target=tell, args=(child, conn), daemon=True).start()
        conn.recv(1)
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def tell(child, conn):
    code = child.wait()
    try:
        conn.send(bytes([code & 255]))
    except OSError:
        pass


def serve(path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    os.chmod(path, 0o666)
    server.listen(64)
    print("ready", flush=True)
    while True:
        conn, _ = server.accept()
        threading.Thread(target=run, args=(conn,), daemon=True).start()


def ask(path, *command):
    # Whoever ends the group of this process ends it alone.
    os.setpgid(0, 0)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        socket.send_fds(sock, [json.dumps([command, dict(os.environ)]).encode()], [1, 2])
        sys.exit((sock.recv(1) or b"\xff")[0])


globals()[sys.argv[1]](*sys.argv[2:])
