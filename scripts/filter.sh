# Sourced by scripts/engine, whose `name` and `number` it uses: the host's packet filter and a private engine's bridges.
# shellcheck shell=bash disable=SC2154
#
# A stock Docker Engine sets the policy of FORWARD to DROP. With net.bridge.bridge-nf-call-iptables at 1, its
# default, FORWARD also applies to packets between two ports of one bridge, so containers of a private engine could
# not reach each other. One rule accepts packets between addresses of the engine's pool. It is the first rule in
# FORWARD, and also in DOCKER-USER, because a restart of the stock engine moves its own chains to the front.
# On a host without a filter table none is created. Not covered: networks with a subnet outside the pool (`ipam`), and IPv6.

# The rule's comment identifies its engine.
filter_pool() { echo "10.$((200 + number)).0.0/16"; }
filter_rule() {
  local pool
  pool=$(filter_pool)
  rule=(--source "$pool" --destination "$pool" --match comment --comment "podtest$number" --jump ACCEPT)
}

# iptables_chains: a line "PROGRAM CHAIN" for each chain that needs the rule. Both variants of iptables can have
# tables at the same time. Without a table `-save` prints nothing and creates none.
iptables_chains() {
  local program programs=()
  for program in iptables-nft iptables-legacy; do
    if command -v "$program-save" >/dev/null; then programs+=("$program"); fi
  done
  if [ ${#programs[@]} = 0 ]; then programs=(iptables); fi
  for program in "${programs[@]}"; do
    { "$program-save" 2>/dev/null || true; } | awk -v program="$program" '
      /^\*/ { table = $1 }
      table == "*filter" && /^:(FORWARD|DOCKER-USER) / { print program, substr($1, 2) }'
  done
}

# nft_chains: a line "FAMILY TABLE CHAIN" for each other chain for forwarded packets.
nft_chains() {
  command -v nft >/dev/null || return 0
  local known=''
  if command -v iptables-nft >/dev/null; then known='ip filter FORWARD'; fi
  { nft list chains 2>/dev/null || true; } | awk -v known="$known" '
    $1 == "table" { table = $2 " " $3 }
    $1 == "chain" { chain = table " " $2 }
    /type filter hook forward/ && chain ~ /^(ip|inet|bridge) / && chain != known { print chain }'
}

# nft_handles FAMILY TABLE CHAIN: the handles of the engine's rules in that chain.
nft_handles() {
  nft --handle list chain "$@" 2>/dev/null |
    sed -n "s/.* comment \"podtest$number\".* # handle \([0-9]*\)\$/\1/p"
}

# allow_traffic: inserts the missing rules. 1 if one could not be inserted, with the error in `filter_error`.
allow_traffic() {
  local program family table chain pool output rule
  pool=$(filter_pool)
  filter_rule
  filter_error=''
  while read -r program chain; do
    if "$program" --wait 10 --check "$chain" "${rule[@]}" 2>/dev/null; then continue; fi
    output=$("$program" --wait 10 --insert "$chain" "${rule[@]}" 2>&1) || filter_error="$program: $output"
  done < <(iptables_chains)
  while read -r family table chain; do
    if [ -n "$(nft_handles "$family" "$table" "$chain")" ]; then continue; fi
    output=$(nft insert rule "$family" "$table" "$chain" \
      ip saddr "$pool" ip daddr "$pool" accept comment "\"podtest$number\"" 2>&1) || filter_error="nft: $output"
  done < <(nft_chains)
  [ -z "$filter_error" ]
}

# forbid_traffic: removes the rules, and prints those that can't be removed.
forbid_traffic() {
  local program family table chain handle rule
  filter_rule
  while read -r program chain; do
    while "$program" --wait 10 --delete "$chain" "${rule[@]}" 2>/dev/null; do :; done
    if "$program" --wait 10 --check "$chain" "${rule[@]}" 2>/dev/null; then
      say "not removed: $program --delete $chain ${rule[*]}"
    fi
  done < <(iptables_chains)
  while read -r family table chain; do
    for handle in $(nft_handles "$family" "$table" "$chain"); do
      nft delete rule "$family" "$table" "$chain" handle "$handle" ||
        say "not removed: nft delete rule $family $table $chain handle $handle"
    done
  done < <(nft_chains)
}

# A running engine is not stopped for this.
warn_of_filter() { say "containers of engine $name may not reach each other: ${filter_error%%$'\n'*}"; }

# check_traffic: fails if packets between two ports of the engine's bridge are dropped.
check_traffic() {
  if traffic_passes; then return; fi
  local reason='no rule helps: see iptables-save and nft list ruleset'
  if [ -n "$filter_error" ]; then
    reason="inserting a rule failed: ${filter_error%%$'\n'*}"
  elif ! command -v iptables >/dev/null && ! command -v nft >/dev/null; then
    reason='there is neither iptables nor nft'
  fi
  clean
  die "the host's packet filter drops packets between containers of one network ($reason):" \
    "install iptables, or accept it yourself: iptables -I FORWARD -s 10.192.0.0/10 -d 10.192.0.0/10 -j ACCEPT"
}

# traffic_passes: a ping between two ports of the bridge, each in a network namespace that is removed with its process.
# True if that can't be tried.
traffic_passes() {
  local base="10.$((200 + number)).255" side passes=0
  local -A holder=()
  command -v busybox >/dev/null || return 0
  [ "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null)" = 1 ] || return 0
  for side in 2 3; do
    unshare --net sleep 30 </dev/null >/dev/null 2>&1 3>&- 4>&- 9>&- &
    holder[$side]=$!
  done
  if add_port 2 && add_port 3; then
    nsenter --net="/proc/${holder[2]}/ns/net" busybox ping -c 3 -A -w 2 "$base.3" >/dev/null 2>&1 || passes=1
  fi
  for side in 2 3; do
    ip link delete "podtest$number-$side" 2>/dev/null || true
    kill "${holder[$side]}" 2>/dev/null || true
    wait "${holder[$side]}" 2>/dev/null || true
  done
  return "$passes"
}

# add_port SIDE: connects the namespace of the SIDE's holder to the bridge.
add_port() {
  local port="podtest$number-$1" pid=${holder[$1]}
  wait_for 5 has_own_network "$pid" || return 1
  {
    ip link add "$port" type veth peer name port netns "$pid" &&
      ip link set "$port" master "podtest$number" up &&
      nsenter --net="/proc/$pid/ns/net" ip address add "$base.$1/24" dev port &&
      nsenter --net="/proc/$pid/ns/net" ip link set port up
  } 2>/dev/null
}
has_own_network() { [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
