#!/bin/sh
# Counts this visit in redis, whose host name is that of the Compose file's link.
count=$(printf 'INCR visits\r\nQUIT\r\n' | nc redis 6379 | sed -n '1s/^:\([0-9]*\).*/\1/p')
if [ -z "$count" ]; then
  printf 'Status: 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\nredis does not respond\n'
  exit
fi
printf 'Content-Type: text/plain\r\n\r\nHello from %s! This page was seen %s times.\n' "$(hostname)" "$count"
