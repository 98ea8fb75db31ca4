#!/usr/bin/env bash
# first-hour.sh: what a new user does first, with the time that each step takes: clone,
# build, the demo, the first message in a client; then a server of one's own, two people, a
# login over TLS, a message from one to the other. Fails when it takes more than five
# minutes. --cold builds without what earlier builds have left, and fetches all modules.
set -euo pipefail
repo=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
server=
stop() { [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; server=; }; }
cleanup() { stop; chmod -R u+w "$work"; rm -rf "$work"; }
trap cleanup EXIT
if [ "${1:-}" = --cold ]; then
  export GOCACHE="$work/cache" GOMODCACHE="$work/modules"
fi
base=$((10000 + RANDOM % 4000)) # the demo's own ports may be somebody's
imap=$base imaps=$((base + 1)) lmtp=$((base + 2))

begun=$(date +%s.%N) last=$begun
step() {
  local now
  now=$(date +%s.%N)
  awk -v what="$1" -v a="$last" -v b="$now" 'BEGIN { printf "%-44s %7.1f s\n", what, b - a }'
  last=$now
}
until_ready() { # file: wait for the line that the server prints last
  for _ in $(seq 3000); do
    grep -q '^ready$' "$1" && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
  done
  cat "$1" >&2
  exit 1
}

cd "$work"
git clone -q "$repo" poststube
cd poststube
step "git clone"
go build -o "$work/bin/poststube" ./cmd/poststube
export PATH="$work/bin:$PATH"
step "go build"
poststube serve --demo --data "$work/demo" --listen "imap=127.0.0.1:$imap" >"$work/demo.log" 2>&1 &
server=$!
until_ready "$work/demo.log"
step "serve --demo, until ready"
curl -fsS -u anna:demo "imap://127.0.0.1:$imap/INBOX;MAILINDEX=1" | grep -q '^Subject: '
step "first message read"
awk -v a="$begun" -v b="$last" 'BEGIN { printf "%-44s %7.1f s\n", "= from nothing to the first message", b - a }'
stop

export POSTSTUBE_DATA="$work/mail"
echo secret | poststube user add anna --password-stdin >/dev/null
echo secret | poststube user add ben --password-stdin >/dev/null
step "two people"
poststube serve --listen "imaps=:$imaps" --listen "lmtp=127.0.0.1:$lmtp" >"$work/mail.log" 2>&1 &
server=$!
until_ready "$work/mail.log"
step "serve, until ready"
trusted() { curl -fsS --cacert "$work/mail/tls/cert.pem" "$@"; }
trusted -u anna:secret "imaps://localhost:$imaps/" | grep -q INBOX
step "first login over TLS"
printf 'From: anna\r\nTo: ben\r\nSubject: Hello\r\n\r\nIt works.\r\n' >"$work/hello.eml"
poststube acl set anna:INBOX ben reader >/dev/null
trusted -u anna:secret -T "$work/hello.eml" "imaps://localhost:$imaps/INBOX"
trusted -u ben:secret "imaps://localhost:$imaps/Users/anna/INBOX;MAILINDEX=1" | grep -q 'It works'
step "a folder shared, and read by the other"
awk -v a="$begun" -v b="$last" 'BEGIN { t = b - a; printf "%-44s %7.1f s\n", "= all of it", t; exit t > 300 }'
