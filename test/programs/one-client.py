"""Good: one client object for all requests."""

import http.client
import sys
import time

client = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))
print("ready", flush=True)
while True:
    client.request("GET", "/")
    client.getresponse().read()
    time.sleep(0.014)
