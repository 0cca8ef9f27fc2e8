"""A service manager's ear: binds a unix datagram socket (@NAME is abstract) and prints each message on a line."""
import json
import socket
import sys

address = sys.argv[1]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
    ear.bind("\0" + address[1:] if address.startswith("@") else address)
    print("listening", flush=True)
    while True:
        print(json.dumps(ear.recv(4096).decode()), flush=True)
