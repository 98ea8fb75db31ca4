#!/usr/bin/env bash
# Measures how poststube's figures grow with the mailbox and writes the second table
# of docs/performance.md.
#
#   scripts/bench-growth.sh [MESSAGES...]     1000 100000 1000000, unless others are named
#
# The largest size takes about 10 GB of disk in $TMPDIR.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- 1000 100000 1000000
work=$(mktemp -d)
server=
clean() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" || true
  rm -rf "$work"
}
trap clean EXIT

go build -o "$work/poststube" ./cmd/poststube
go build -o "$work/perftable" ./scripts/perftable
export POSTSTUBE_DATA=$work/data
"$work/poststube" serve --listen imap=127.0.0.1:0 > "$work/out" 2> "$work/err" &
server=$!
until grep -q '^ready' "$work/out"; do
  kill -0 "$server" || { cat "$work/err" >&2; exit 1; }
  sleep 0.1
done
addr=$(sed -n 's/^listening imap=//p' "$work/out")
files=()
for n in "$@"; do
  # A person for each size: what the smaller run has left in caches helps no larger one.
  echo "m$n:secret" > "$work/users"
  "$work/poststube" user add --from "$work/users" > "$work/added"
  echo "$n messages" >&2
  echo secret | "$work/poststube" bench --server "poststube=$addr" --user "m$n" --password-stdin --messages "$n" -f json > "$work/$n.json"
  files+=("$work/$n.json")
done
"$work/perftable" growth docs/performance.md "${files[@]}"
echo "docs/performance.md is written" >&2
