"""Starts processes that have a connection each and end at SIGTERM. Arguments: host, port, count. Prints their pids."""
import os
import signal
import socket
import sys

HOST, PORT, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def child():
    connection = socket.create_connection((HOST, PORT))
    os.write(ready_in, b".")
    signal.pause()
    connection.close()


ready_out, ready_in = os.pipe()
pids = []
for _ in range(COUNT):
    pids.append(os.fork())
    if pids[-1] == 0:
        child()
for _ in pids:
    os.read(ready_out, 1)
print("pids", *pids, flush=True)
for pid in pids:
    os.waitpid(pid, 0)
sys.stdin.read()
