"""Connections over MPTCP between processes. Arguments: address, port, count, and the client's protocol: mptcp or tcp.

A child accepts what its parent listens for: the acceptor is not the listener. Prints the pids of listener, acceptor and client,
then waits for a line, and closes them, the client first.
"""
import os
import socket
import sys

MPTCP = 262
ADDRESS, PORT, COUNT, PROTOCOL = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
FAMILY = socket.AF_INET6 if ":" in ADDRESS else socket.AF_INET

listener = socket.socket(FAMILY, socket.SOCK_STREAM, MPTCP)
listener.bind((ADDRESS, PORT))
listener.listen(COUNT)
acceptor = os.fork()
if acceptor == 0:
    accepted = [listener.accept()[0] for _ in range(COUNT)]
    for connection in accepted:
        connection.recv(5)
    for connection in accepted:
        connection.recv(1)
        connection.close()
    os._exit(0)
protocol = MPTCP if PROTOCOL == "mptcp" else socket.IPPROTO_TCP
clients = [socket.socket(FAMILY, socket.SOCK_STREAM, protocol) for _ in range(COUNT)]
for client in clients:
    client.connect((ADDRESS, PORT))
    client.send(b"hello")
print("open", os.getpid(), acceptor, flush=True)
sys.stdin.readline()
for client in clients:
    client.close()
os.waitpid(acceptor, 0)
print("closed", flush=True)
sys.stdin.read()
