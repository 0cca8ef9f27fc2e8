"""Bad: a service that never closes what its clients have closed. Its clients are part of it."""

import socket
import sys
import threading

address = (sys.argv[1], int(sys.argv[2]))
server = socket.create_server(address, backlog=100)


def clients():
    for _ in range(40):
        socket.create_connection(address).close()


threading.Thread(target=clients, daemon=True).start()
print("ready", flush=True)
kept = []
while True:
    kept.append(server.accept()[0])
