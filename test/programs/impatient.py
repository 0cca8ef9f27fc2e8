"""Tries one place from THREADS threads, and gives each attempt up after SECONDS; one that comes to be is closed after a moment."""

import socket
import sys
import threading
import time

host, port, seconds, threads = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])


def attempts():
    while True:
        try:
            with socket.create_connection((host, port), timeout=seconds):
                time.sleep(0.2)
        except TimeoutError:
            pass


for _ in range(threads):
    threading.Thread(target=attempts).start()
print("ready", flush=True)
