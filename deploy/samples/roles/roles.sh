#!/bin/sh
# The programs of the services: prepare, job, shipper, profiler, upload.
set -eu
log=/logs/job.log
case $1 in
  prepare)
    echo "begin" >$log
    ;;
  job)
    for number in 1 2 3; do
      echo "order $number" >>$log
      sleep "${PAUSE:-0.5}"
    done
    echo "end" >>$log
    exit "$EXIT"
    ;;
  shipper)
    shipped=0 stopping=
    trap 'stopping=yes' TERM
    while :; do
      lines=$(wc -l <$log)
      if [ "$shipped" -lt "$lines" ]; then
        tail -n "+$((shipped + 1))" $log | head -n "$((lines - shipped))"
        shipped=$lines
      elif [ -n "$stopping" ]; then
        exit 0
      else
        sleep 0.2
      fi
    done
    ;;
  profiler)
    echo "no counters here" >&2
    exit 1
    ;;
  upload)
    echo "$(wc -l <$log) lines of a pod that is $POD_STATE with exit code $POD_EXIT_CODE"
    ;;
esac
