"""Kills TIME_WAIT entries as RFC 1337 describes: python3 assassin.py ADDRESS PORT CONNECTIONS KILLS

Opens and closes connections one after another to a server that closes after us, listens on lo for the last ACK of each,
whose acknowledgement number is what the entry expects next, and for the first KILLS of them sends a RST with that number
from the server's end. Runs in a namespace of its own; needs root and tcp_rfc1337=0.
"""

import select
import socket
import struct
import sys

ADDRESS, PORT, CONNECTIONS, KILLS = sys.argv[1], *(int(word) for word in sys.argv[2:5])
FIN, RST, ACK = 0x01, 0x04, 0x10
wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
wire.bind(("lo", 0x0800))
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
host = socket.inet_aton(ADDRESS)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(port, seq):
    header = struct.pack("!HHIIBBHHH", PORT, port, seq, 0, 5 << 4, RST, 0, 0, 0)
    pseudo = host + host + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header))
    return header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]


def segments():
    """(source port, destination port, sequence, acknowledgement, flags) of what passes."""
    while select.select([wire], [], [], 5)[0]:
        packet = wire.recv(65535)
        if packet[9] == socket.IPPROTO_TCP:
            at = (packet[0] & 15) * 4
            source, target, seq, ack, _, flags = struct.unpack("!HHIIBB", packet[at : at + 14])
            yield source, target, seq, ack, flags
    sys.exit("nothing passes")


def expected_next(port):
    """What the entry of this port waits for: one beyond the server's FIN."""
    for source, target, seq, _, flags in segments():
        if (source, target) == (PORT, port) and flags & FIN:
            return seq + 1 & 0xFFFFFFFF


def wait_for_ack(port, number):
    for source, target, _, ack, flags in segments():
        if (source, target) == (port, PORT) and ack == number and flags & ACK:
            return


for n in range(CONNECTIONS):
    client = socket.create_connection((ADDRESS, PORT))
    port = client.getsockname()[1]
    client.close()
    number = expected_next(port)
    wait_for_ack(port, number)
    if n < KILLS:
        raw.sendto(segment(port, number), (ADDRESS, 0))
