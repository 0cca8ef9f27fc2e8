#!/bin/sh
# Bad: a curl per request.
echo ready
while :; do curl -s -o /dev/null "http://$1:$2/"; done
