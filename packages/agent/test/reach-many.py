"""Prints 1 for each of the first N addresses of 10.0.0.0/8 that a datagram may go to, and 0 for each that is refused."""
import errno
import socket
import sys

found = []
for at in range(int(sys.argv[1])):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        error = datagrams.connect_ex((f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}", 9))
    found.append("0" if error == errno.EPERM else "1")
print("".join(found), end="")
