"""Binds TCP ports and does nothing more with them, until its stdin ends: python3 hold_ports.py PORT...

Prints "ready" once it has them.
"""

import socket
import sys

kept = []
for port in sys.argv[1:]:
    sock = socket.socket()
    sock.bind(("127.0.0.1", int(port)))
    kept.append(sock)
print("ready", flush=True)
sys.stdin.read()
