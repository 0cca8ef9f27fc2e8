"""Good: the same service, which closes."""

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
while True:
    with server.accept()[0] as connection:
        connection.recv(1)
