# Sourced by scripts that check packages and images: sentences, each with the command that proves it. `work` must be set.
# shellcheck shell=bash disable=SC2034,SC2154

checks=0

# is SENTENCE COMMAND...: the sentence is true if the command succeeds.
is() {
  local sentence=$1
  shift
  "$@" >"$work/is.log" 2>&1 || { tail -n 20 "$work/is.log" >&2; die "not so: $sentence ($*)"; }
  checks=$((checks + 1))
  say "  ok: $sentence"
}
not() { ! "$@"; }
matches() { grep -qE -- "$1" "$2"; }
