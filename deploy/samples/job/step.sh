#!/bin/sh
# The steps of the batch: `check`, `sum COLUMN`, `report`.
set -eu
case $1 in
  check)
    awk -F, 'NR > 1 && (NF != 4 || $4 !~ /^[0-9]+$/) {
        print "orders.csv:" NR ": no order: " $0 >"/dev/stderr"; bad = 1 }
      END { exit bad }' /job/orders.csv
    tail -n +2 /job/orders.csv >/work/orders
    echo "$(wc -l </work/orders) orders"
    ;;
  sum)
    awk -F, -v column="$2" '{ sums[$column] += $4 } END { for (name in sums) print name, sums[name] }' /work/orders |
      sort >"/work/sums.$2"
    echo "$(wc -l <"/work/sums.$2") sums"
    ;;
  report)
    cat /work/sums.2 /work/sums.3
    awk '{ total += $2 } END { print "total", total }' /work/sums.2
    ;;
esac
