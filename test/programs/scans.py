"""Tries the ports 2000 to 2999 of a host, a hundred a second, over and over."""

import socket
import sys
import time

host = sys.argv[1]
print("ready", flush=True)
while True:
    for port in range(2000, 3000):
        with socket.socket() as s:
            s.connect_ex((host, port))
        time.sleep(0.01)
