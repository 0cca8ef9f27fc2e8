"""Leaves a TIME_WAIT entry on each local port from FIRST to LAST toward HOST:PORT, and again when it has ended, until it is killed.

Arguments: FIRST LAST HOST PORT. Prints "full" after the first round. Each socket has a range of one port (IP_LOCAL_PORT_RANGE, Linux
6.3): connect() would search a wide range that is nearly full for milliseconds.
"""

import socket
import struct
import sys
import time

IP_LOCAL_PORT_RANGE = 51
# A TIME_WAIT entry lives for 60 s.
AGAIN_SECONDS = 61

first, last, port = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[4])
server = (sys.argv[3], port)
visited = {local: float("-inf") for local in range(first, last + 1) if local != port}
is_full = False
while True:
    for local, at in visited.items():
        time.sleep(max(0, at + AGAIN_SECONDS - time.monotonic()))
        visited[local] = time.monotonic()
        with socket.socket() as client:
            client.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("=I", local << 16 | local))
            client.connect(server)
    if not is_full:
        print("full", flush=True)
        is_full = True
