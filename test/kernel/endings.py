"""Ends TCP connections in every way the kernel has, both ends in this process.

Started as `python3 endings.py 4|6|mapped` in a network namespace of its own. Each scenario has
a server port of its own and prints one JSON line when its connection has ended as far as it will: {"name", "port"}.
Then it plays once more what its stdin asks for, a line each: name and port. Sockets that must stay open do so until stdin ends.
"""

import ctypes
import json
import select
import socket
import struct
import subprocess
import sys

FAMILY = sys.argv[1]
HOST = {"4": "127.0.0.1", "6": "::1", "mapped": "::ffff:127.0.0.1"}[FAMILY]
DOMAIN = socket.AF_INET if FAMILY == "4" else socket.AF_INET6
TABLES = "ip6tables" if FAMILY == "6" else "iptables"
FIN_WAIT2, CLOSE = 5, 7
TCP_LINGER2, TCP_USER_TIMEOUT = 8, 18
kept = []


def listener(port):
    sock = socket.socket(DOMAIN, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((HOST, port))
    sock.listen(8)
    return sock


def pair(port):
    """Both ends of an established connection."""
    listening = listener(port)
    client = socket.socket(DOMAIN, socket.SOCK_STREAM)
    client.connect((HOST, port))
    server, _ = listening.accept()
    listening.close()
    return client, server


def wait_for(sock, state):
    """Until the kernel says that the socket is in this state."""
    poll = select.poll()
    while sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != state:
        poll.poll(5)


def wait_readable(sock):
    select.select([sock], [], [])


def reset_on_close(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Rule:
    """A packet rule on INPUT while the block runs."""

    def __init__(self, *words):
        self.words = words

    def __enter__(self):
        subprocess.run([TABLES, "-w", "-I", "INPUT", "-p", "tcp", *self.words], check=True)

    def __exit__(self, *_):
        subprocess.run([TABLES, "-w", "-D", "INPUT", "-p", "tcp", *self.words], check=True)


def lose_fins_to(port):
    return Rule("--dport", str(port), "--tcp-flags", "FIN", "FIN", "-j", "DROP")


def client_closes(port):
    client, server = pair(port)
    client.close()
    server.recv(1)
    server.close()


def server_closes(port):
    client, server = pair(port)
    server.close()
    client.recv(1)
    client.close()


def shutdown_then_peer_closes(port):
    client, server = pair(port)
    client.shutdown(socket.SHUT_WR)
    server.recv(1)
    server.close()
    client.recv(1)
    client.close()


def shutdown_then_close(port):
    client, server = pair(port)
    client.shutdown(socket.SHUT_WR)
    wait_for(client, FIN_WAIT2)
    client.close()
    server.close()


def short_linger2(port):
    client, server = pair(port)
    client.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, 2)
    client.shutdown(socket.SHUT_WR)
    wait_for(client, FIN_WAIT2)
    client.close()
    kept.append(server)


def long_linger2(port):
    """A full FIN_WAIT2 socket for 2 s, then a mini-socket."""
    client, server = pair(port)
    client.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, 62)
    client.close()
    kept.append(server)


def negative_linger2(port):
    client, server = pair(port)
    client.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, -1)
    client.close()
    wait_for(server, CLOSE)
    server.close()


def negative_linger2_after_shutdown(port):
    client, server = pair(port)
    client.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, -1)
    client.shutdown(socket.SHUT_WR)
    wait_for(client, FIN_WAIT2)
    client.close()
    wait_for(server, CLOSE)
    server.close()


def reset_in_fin_wait2(port):
    client, server = pair(port)
    client.shutdown(socket.SHUT_WR)
    wait_for(client, FIN_WAIT2)
    reset_on_close(server)
    server.close()
    wait_for(client, CLOSE)
    client.close()


def reset_in_fin_wait1(port):
    client, server = pair(port)
    with lose_fins_to(port):
        client.shutdown(socket.SHUT_WR)
        reset_on_close(server)
        server.close()
        wait_for(client, CLOSE)
    client.close()


def linger0(port):
    client, server = pair(port)
    reset_on_close(client)
    client.close()
    wait_for(server, CLOSE)
    server.close()


def unread_data(port):
    client, server = pair(port)
    server.send(b"x")
    wait_readable(client)
    client.close()
    wait_for(server, CLOSE)
    server.close()


def both_at_once(port):
    """Neither FIN arrives the first time."""
    client, server = pair(port)
    with Rule("--tcp-flags", "FIN", "FIN", "-m", "multiport", "--ports", str(port), "-j", "DROP"):
        client.close()
        server.close()


def closing(port):
    client, server = pair(port)
    with lose_fins_to(port):
        client.shutdown(socket.SHUT_WR)
        server.close()
        client.recv(1)
    wait_for(client, CLOSE)
    client.close()


def closing_linger0(port):
    client, server = pair(port)
    with lose_fins_to(port):
        client.shutdown(socket.SHUT_WR)
        server.close()
        client.recv(1)
        reset_on_close(client)
        client.close()


def closing_times_out(port):
    client, server = pair(port)
    client.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 300)
    with lose_fins_to(port):
        client.shutdown(socket.SHUT_WR)
        server.close()
        client.recv(1)
        wait_for(client, CLOSE)
    client.close()


def keepalive_dies(port):
    """Half closed, and the peer falls silent."""
    client, server = pair(port)
    client.shutdown(socket.SHUT_WR)
    wait_for(client, FIN_WAIT2)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with Rule("--sport", str(port), "-j", "DROP"):
        wait_for(client, CLOSE)
    client.close()
    wait_for(server, CLOSE)
    server.close()


def unreachable(port):
    """The way to the peer breaks: the kernel gives up with the router's answer instead of a timeout."""
    answer = "icmp6-addr-unreachable" if FAMILY == "6" else "icmp-host-unreachable"
    client, server = pair(port)
    client.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 300)
    with Rule("--dport", str(port), "-j", "REJECT", "--reject-with", answer):
        client.send(b"x")
        wait_for(client, CLOSE)
    client.close()
    kept.append(server)


def old_error(port):
    """A router's answer that nobody reads (IP_RECVERR) and that the connection survives, then a normal close."""
    recverr = (socket.IPPROTO_IPV6, 25) if FAMILY == "6" else (socket.IPPROTO_IP, 11)
    answer = "icmp6-addr-unreachable" if FAMILY == "6" else "icmp-host-unreachable"
    client, server = pair(port)
    client.setsockopt(*recverr, 1)
    errors = select.poll()
    errors.register(client, 0)
    with Rule("--dport", str(port), "-j", "REJECT", "--reject-with", answer):
        client.send(b"x")
        errors.poll()
    server.recv(1)
    client.shutdown(socket.SHUT_WR)
    wait_for(client, FIN_WAIT2)
    client.close()
    server.close()


def killed(port):
    client, server = pair(port)
    mine = str(client.getsockname()[1])
    subprocess.run(["ss", "-K", "-t", "sport", f"= :{mine}"], check=True, stdout=subprocess.DEVNULL)
    wait_for(server, CLOSE)
    server.close()
    client.close()


def nobody_accepts(port):
    listening = listener(port)
    client = socket.socket(DOMAIN, socket.SOCK_STREAM)
    client.connect((HOST, port))
    listening.close()
    wait_for(client, CLOSE)
    client.close()


def socket_used_twice(port):
    """connect(AF_UNSPEC) makes the socket new; the second connection goes to the next port."""
    client, server = pair(port)
    ctypes.CDLL(None).connect(client.fileno(), b"\0" * 16, 16)
    wait_for(server, CLOSE)
    server.close()
    listening = listener(port + 1)
    client.connect((HOST, port + 1))
    again, _ = listening.accept()
    client.close()
    again.recv(1)
    again.close()


def bytes_both_ways(port):
    client, server = pair(port)
    client.sendall(b"c" * 1000)
    server.sendall(b"s" * 2345)
    for sock, size in ((server, 1000), (client, 2345)):
        while size > 0:
            size -= len(sock.recv(size))
    client.close()
    server.recv(1)
    server.close()


def bytes_sent_again(port):
    """Every packet with a long payload is lost at first."""
    client, server = pair(port)
    with Rule("--dport", str(port), "-m", "length", "--length", "300:65535", "-j", "DROP"):
        client.sendall(b"c" * 5000)
    size = 5000
    while size > 0:
        size -= len(server.recv(size))
    client.close()
    server.recv(1)
    server.close()


SCENARIOS = [
    client_closes,
    server_closes,
    shutdown_then_peer_closes,
    shutdown_then_close,
    short_linger2,
    long_linger2,
    negative_linger2,
    negative_linger2_after_shutdown,
    reset_in_fin_wait2,
    reset_in_fin_wait1,
    linger0,
    unread_data,
    both_at_once,
    closing,
    closing_linger0,
    closing_times_out,
    keepalive_dies,
    unreachable,
    old_error,
    killed,
    nobody_accepts,
    socket_used_twice,
    bytes_both_ways,
    bytes_sent_again,
]


def play(scenario, where):
    scenario(where)
    print(json.dumps({"name": scenario.__name__, "port": where}), flush=True)


for index, scenario in enumerate(SCENARIOS):
    play(scenario, 9000 + 10 * index)
for line in sys.stdin:
    name, where = line.split()
    play(globals()[name], int(where))
