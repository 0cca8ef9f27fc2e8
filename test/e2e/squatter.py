"""Listens where commands look for the service, says it is one, and prints every line that it is sent.

Arguments: port, and how it behaves:
  answers   answers each request
  delays    takes the first connection; the others only when it is told to by a line on stdin: until then nobody has accepted them
"""
import json
import socket
import sys
import threading

HEALTH = json.dumps({
    "status": "ok", "mode": "ebpf", "version": "0.0.0", "verdictPath": "ehash", "limits": [], "hooks": [],
    "lost": {"ring": 0, "recursion": 0, "storage": 0, "total": 0}, "coverage": 1, "auditAgeMs": 5, "problems": [],
})


def answer(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65536)
        if not piece:
            return
        text += piece
    for line in text.decode("latin-1").split("\r\n"):
        if line:
            print("heard", line, flush=True)
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
    connection.sendall(f"{head}content-length: {len(HEALTH)}\r\n\r\n{HEALTH}".encode())
    connection.close()


def main():
    port, behaviour = int(sys.argv[1]), sys.argv[2]
    ear = socket.socket()
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.bind(("127.0.0.1", port))
    ear.listen(16)
    print("listening", flush=True)
    if behaviour == "delays":
        answer(ear.accept()[0])
        sys.stdin.readline()
    while True:
        threading.Thread(target=answer, args=(ear.accept()[0],), daemon=True).start()


main()
