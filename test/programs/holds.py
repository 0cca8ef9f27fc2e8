"""Holds 95 connections that it needs."""

import socket
import sys
import time

kept = [socket.create_connection((sys.argv[1], int(sys.argv[2]))) for _ in range(95)]
print("ready", flush=True)
time.sleep(600)
