# Sourced by the scripts that scripts/check-boot runs on its machine, as root.
# shellcheck shell=bash disable=SC2016,SC2034 # for eval; used by those scripts
set -uo pipefail
exec 3>/dev/ttyS1 2>/tmp/errors
echo "booted, $(cut -d. -f1 /proc/uptime) s after the kernel's start" >&3
work=/var/tmp/check
mkdir -p "$work"

# is SENTENCE COMMAND...: the sentence is true if the command succeeds. If it fails, the machine is
# switched off.
is() {
  local sentence=$1
  shift
  if "$@" >"$work/is" 2>&1; then
    echo "ok: $sentence ($(cut -d. -f1 /proc/uptime) s)" >&3
  else
    {
      echo "not so: $sentence ($*)"
      cat "$work/is"
      journalctl -b -q --no-pager -n 20 -u pod-reaper
      # All but that one, which may have more to say than all others.
      journalctl -b -q --no-pager -u 'pod-*' | grep -v ' pod-reaper' | tail -n 40
      docker ps -a
      systemctl list-units --all --plain --no-legend 'composepods*' 'docker-*.scope'
      journalctl -b -q --no-pager -n 20 -u docker
    } >&3
    power_off
  fi
}
power_off() {
  stty -F /dev/ttyS1 raw # after all output is sent
  systemctl poweroff --force --force
  sleep 1000
}
# The host cuts the power when it sees this line.
cut_power() {
  touch "$work/power"
  sync
  echo "power is cut" >&3
  sleep 1000
}
not() { ! "$@"; }
same() { [ "$1" = "$2" ]; }
# within SECONDS COMMAND...
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}
property() { systemctl show --value -p "$2" "$1"; }
reaper() { property pod-reaper.service "$1"; }
containers() { docker ps -aq --no-trunc --filter "label=mesos.task_id=$1"; }
gone() { nothing_from containers "$1"; }
empty() { nothing_from objects; }
objects() { docker ps -aq && docker network ls -q --filter label=mesos.task_id && docker volume ls -q; }
# nothing_from COMMAND...: it succeeds, and prints nothing.
nothing_from() {
  local found
  found=$("$@") && [ -z "$found" ]
}
driver() { docker info --format '{{.CgroupDriver}}'; }
logged() { journalctl -b -q -o json -u "$1" "${@:2}" | grep -q .; }
# shellcheck disable=SC2046 # IDs
state() { docker inspect --format '{{.State.Running}} {{.State.StartedAt}} {{.RestartCount}}' $(containers "$1"); }
