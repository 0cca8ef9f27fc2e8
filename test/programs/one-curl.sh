#!/bin/sh
# Good: one curl for many requests.
echo ready
exec curl -s -o /dev/null --rate 20/s "http://$1:$2/?[1-10000]"
