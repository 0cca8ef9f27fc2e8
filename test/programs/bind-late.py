"""Good: the same source address, with IP_BIND_ADDRESS_NO_PORT, and connections that are kept."""

import socket
import sys
import time

IP_BIND_ADDRESS_NO_PORT = 24
host, port = sys.argv[1], int(sys.argv[2])
kept = []
for _ in range(20):
    s = socket.socket()
    s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    s.bind((host, 0))
    s.connect((host, port))
    kept.append(s)
print("ready", flush=True)
time.sleep(600)
