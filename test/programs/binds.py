"""Asks bind() for one address and port, four times a second, whether it gets it or not."""

import socket
import sys
import time

host, port = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
while True:
    with socket.socket() as s:
        try:
            s.bind((host, port))
        except OSError:
            pass
    time.sleep(0.25)
