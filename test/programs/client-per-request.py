"""Bad: a client object, and so a connection, per request."""

import http.client
import sys
import time

print("ready", flush=True)
while True:
    client = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
    client.request("GET", "/")
    client.getresponse().read()
    client.close()
    time.sleep(0.014)
