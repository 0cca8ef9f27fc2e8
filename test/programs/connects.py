"""Asks servers over a connection per request, and says what became of them.

Prints "ready". Each line of stdin is a round: so many connections toward each destination, in turn. After a round it prints
one JSON object: {"ADDRESS:PORT": {"opened": N, "failed": {"ECONNREFUSED": N, "gave up": N}}}. It closes first, unless told to
wait for the server's end, and ends with its stdin.
"""

import argparse
import errno
import json
import socket
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--count", type=int, required=True, help="connections of a round, per destination")
parser.add_argument("--per-second", type=float, required=True, help="of all destinations together")
parser.add_argument("--keep", type=int, default=0, help="of the first round, per destination")
parser.add_argument("--to-the-end", action="store_true", help="wait until the server has closed")
parser.add_argument("--give-up-after", type=float, metavar="SECONDS")
parser.add_argument("--bind", metavar="ADDRESS", help="to a port of this address, before each connect()")
parser.add_argument("destinations", nargs="+", metavar="ADDRESS:PORT")
options = parser.parse_args()
ADDRESSES = {text: tuple(text.replace("[", "").replace("]", "").rsplit(":", 1)) for text in options.destinations}
SOURCE = (options.bind, 0) if options.bind else None
kept = {text: [] for text in ADDRESSES}


def ask(text, tally):
    try:
        connection = socket.create_connection(ADDRESSES[text], options.give_up_after, SOURCE)
    except OSError as error:
        name = errno.errorcode[error.errno] if error.errno else "gave up"
        tally["failed"][name] = tally["failed"].get(name, 0) + 1
        return
    tally["opened"] += 1
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    while connection.recv(4096) and options.to_the_end:
        pass
    if len(kept[text]) < options.keep:
        kept[text].append(connection)
    else:
        connection.close()


def play():
    tallies = {text: {"opened": 0, "failed": {}} for text in ADDRESSES}
    began, asked = time.monotonic(), 0
    for _ in range(options.count):
        for text, tally in tallies.items():
            time.sleep(max(0, began + asked / options.per_second - time.monotonic()))
            ask(text, tally)
            asked += 1
    return tallies


print("ready", flush=True)
for _line in sys.stdin:
    print(json.dumps(play()), flush=True)
