"""Opens connections in a namespace that leaves no memory for options, and closes them when a line comes. Arguments: host, port, count."""
import resource
import socket
import sys

HOST, PORT, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kept = [socket.create_connection((HOST, PORT)) for _ in range(COUNT)]
print("open", flush=True)
sys.stdin.readline()
for connection in kept:
    connection.close()
print("closed", flush=True)
sys.stdin.read()
