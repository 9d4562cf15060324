#!/bin/sh
# Serves the information about the task: the variables as a page, and the file.
trap 'exit 0' TERM INT
mkdir -p /tmp/www
env | grep -E '^(HOST|PORT|MESOS_|MARATHON_)' | sort >/tmp/www/index.html
ln -sf /run/pod/task.json /tmp/www/task.json
httpd -f -p 8080 -h /tmp/www &
wait
