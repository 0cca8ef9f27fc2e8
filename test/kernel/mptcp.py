"""One end of connections over MPTCP. Arguments: server|client, address, port, count, and the protocol: mptcp or tcp.

The server is two processes: a child accepts what its parent listens for, and prints its pid. The client closes when a line comes,
and the acceptor then closes too.
"""
import os
import socket
import sys

PROTOCOLS = {"mptcp": 262, "tcp": socket.IPPROTO_TCP}
ROLE, ADDRESS, PORT, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
FAMILY = socket.AF_INET6 if ":" in ADDRESS else socket.AF_INET
new_socket = lambda: socket.socket(FAMILY, socket.SOCK_STREAM, PROTOCOLS[sys.argv[5]])


def accept(listener):
    accepted = [listener.accept()[0] for _ in range(COUNT)]
    for connection in accepted:
        connection.recv(5)
    for connection in accepted:
        connection.recv(1)
        connection.close()
    os._exit(0)


def serve():
    listener = new_socket()
    listener.bind((ADDRESS, PORT))
    listener.listen(COUNT)
    acceptor = os.fork()
    if acceptor == 0:
        accept(listener)
    print("acceptor", acceptor, flush=True)
    os.waitpid(acceptor, 0)


def connect():
    clients = [new_socket() for _ in range(COUNT)]
    for client in clients:
        client.connect((ADDRESS, PORT))
        client.send(b"hello")
    print("open", flush=True)
    sys.stdin.readline()
    for client in clients:
        client.close()


serve() if ROLE == "server" else connect()
sys.stdin.read()
