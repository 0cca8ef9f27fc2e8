"""Calls itself what its last word says, listens on the port that is its first one, accepts, and keeps what is open. Prints "ready"."""
import select, socket, sys

with open("/proc/self/comm", "w") as comm: comm.write(sys.argv[2])
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128)
print("ready", flush=True)
open_ones = []
while True:
    ready, _, _ = select.select([sys.stdin, listener, *open_ones], [], [])
    if sys.stdin in ready: break
    for one in ready:
        if one is listener: open_ones.append(listener.accept()[0])
        elif one.recv(1) == b"": open_ones.remove(one); one.close()
