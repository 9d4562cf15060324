#!/bin/sh
# Follows the proxy's log and adds the task's ID: each line goes to standard output, and to LOG_SERVER (host:port) if it is
# set. If the server is unreachable, it is tried again each second, and then receives the lines written meanwhile.
trap 'exit 0' TERM INT

forward() {
  if [ -z "$LOG_SERVER" ]; then exec cat >/dev/null; fi
  while :; do
    nc "${LOG_SERVER%:*}" "${LOG_SERVER##*:}" 2>/dev/null
    sleep 1
  done
}

follow() {
  until [ -e /logs/access.log ]; do sleep 0.2; done
  exec tail -n +1 -F /logs/access.log
}

exec 3>&1
follow |
  awk -v task="$TASK" '{ sub(/^\{/, "{\"task\":\"" task "\","); print; fflush() }' |
  tee /dev/fd/3 | forward &
wait
