# Sourced by the other scripts: where things are, how to speak, how to wait.
# shellcheck shell=bash disable=SC2034

# The top of the source tree.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Everything started on this machine by these scripts keeps its files here; nobody else may look in.
state_root=${TMPDIR:-/tmp}/compose-executor-$(id -u)

# What takes long to fetch or to make, for all checkouts and beyond a restart; may be removed at any time.
cache=${XDG_CACHE_HOME:-${HOME:-$state_root}/.cache}/compose-executor

# Compose 5.6.1 from PyPI, in an environment of the project's own.
tools=$root/.build-tools
compose5=$tools/venv/bin/docker-compose

# An SDK's `swift` may be on the PATH of the user alone; a Debian root's PATH has sbin already.
export PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# private_folder PATH: makes a folder of mode 0700, or refuses one that belongs to somebody else.
private_folder() {
  (umask 077 && mkdir -p -- "$1")
  if [ ! -O "$1" ] || [ -L "$1" ]; then die "$1 belongs to somebody else: set TMPDIR to a folder of yours"; fi
}

# wait_for SECONDS COMMAND...: until the command succeeds; 1 when the time is over.
# The only place with a polling interval.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# start_time PID: when the process began, in clock ticks since boot. With the pid it names one process for good.
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  local -a fields
  read -r -a fields <<<"${stat##*) }"
  printf '%s\n' "${fields[19]}"
}

# alive PID START_TIME: that very process still runs (a zombie doesn't).
alive() {
  [ "$(start_time "$1" 2>/dev/null)" = "$2" ] && ! grep -q '^State:[[:space:]]*[ZX]' "/proc/$1/status" 2>/dev/null
}
not_alive() { ! alive "$@"; }
