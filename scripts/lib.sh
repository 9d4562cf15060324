# Sourced by the other scripts: paths, messages, waiting.
# shellcheck shell=bash disable=SC2034

# The top of the source tree.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Files of everything that these scripts start on this machine. Other users have no access.
state_root=${TMPDIR:-/tmp}/compose-executor-$(id -u)

# A cache for all checkouts that survives a restart. It may be removed at any time.
cache=${XDG_CACHE_HOME:-${HOME:-$state_root}/.cache}/compose-executor

# Compose 5.6.1 from PyPI, in the project's own environment.
tools=$root/.build-tools
compose5=$tools/venv/bin/docker-compose

# An SDK's `swift` may be on the user's PATH only. The PATH of root on Debian already has sbin.
export PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# private_directory PATH: creates a directory of mode 0700. Fails if the directory belongs to another user.
private_directory() {
  (umask 077 && mkdir -p -- "$1")
  if [ ! -O "$1" ] || [ -L "$1" ]; then die "$1 belongs to another user: set TMPDIR to your own directory"; fi
}

# wait_for SECONDS COMMAND...: waits until the command succeeds; 1 when the time is over.
# The only polling interval of the scripts.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

# start_time PID: when the process started, in clock ticks since boot. Together with the pid it identifies a process.
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  local -a fields
  read -r -a fields <<<"${stat##*) }"
  printf '%s\n' "${fields[19]}"
}

# alive PID START_TIME: this process is running (a zombie isn't).
alive() {
  [ "$(start_time "$1" 2>/dev/null)" = "$2" ] && ! grep -q '^State:[[:space:]]*[ZX]' "/proc/$1/status" 2>/dev/null
}
not_alive() { ! alive "$@"; }
