#!/bin/sh
# Serves what the container knows of its task: the variables as a page, the file beside it.
trap 'exit 0' TERM INT
mkdir -p /tmp/www
env | grep -E '^(HOST|PORT|MESOS_|MARATHON_)' | sort >/tmp/www/index.html
ln -sf /run/pod/task.json /tmp/www/task.json
httpd -f -p 8080 -h /tmp/www &
wait
