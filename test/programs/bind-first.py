"""Bad: bind() to a source address before each connect()."""

import socket
import sys
import time

host, port = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
while True:
    s = socket.socket()
    try:
        s.bind((host, 0))
        s.connect((host, port))
    except OSError:
        pass
    s.close()
    time.sleep(0.014)
