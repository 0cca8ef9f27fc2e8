"""Calls itself what its last word says. Until its input has a line it opens connections to the port that is its first word, closes them, and is refused at port 9;
five stay open. Then it prints how many were opened and refused, and stays until its input ends."""
import select, socket, sys

with open("/proc/self/comm", "w") as comm: comm.write(sys.argv[2])
to = ("127.0.0.1", int(sys.argv[1]))
kept = [socket.create_connection(to) for _ in range(5)]
opened, refused = len(kept), 0
while not select.select([sys.stdin], [], [], 0.1)[0]:
    socket.create_connection(to).close()
    opened += 1
    for _ in range(3): refused += socket.socket().connect_ex(("127.0.0.1", 9)) != 0
sys.stdin.readline()
print(f"opened {opened} refused {refused}", flush=True)
sys.stdin.read()
