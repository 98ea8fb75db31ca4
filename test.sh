#!/usr/bin/env bash
# Runs all tests. It needs Go; what else is needed it installs from Debian when it
# runs as root, and otherwise says what to install.
set -euo pipefail
cd "$(dirname "$0")"

need() { # command package
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $2"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends "$2" >/dev/null
  fi
  command -v "$1" >/dev/null && return
  missing="${missing:-} $2"
}

missing=
command -v go >/dev/null || { echo "Go is missing: see https://go.dev/dl, go.mod says which version" >&2; exit 1; }
need gcc gcc # for the race detector
need curl curl
need mbsync isync
need python3 python3
RUNLEVEL=1 need slapd slapd # for interop/ldap, which starts its own; the runlevel keeps Debian from starting one
need doveadm dovecot-imapd # the peer that interop/dovecot compares with
need postfix postfix # what interop/postfix puts in front
RUNLEVEL=1 need fail2ban-regex fail2ban # reads lines of failed logins
need systemd-analyze systemd # boots in namespaces in interop/service, with the package installed
if [ -n "$missing" ]; then
  echo "missing:$missing. Install these, or run this as root on Debian." >&2
  [ -n "${CI:-}" ] && exit 1
  echo "Tests that need them are skipped." >&2
fi

step() { echo; echo "== $*"; }

step gofmt
bad=$(gofmt -l $(git ls-files '*.go'))
if [ -n "$bad" ]; then
  echo "not formatted: $bad" >&2
  exit 1
fi
step go vet
go vet ./...
if go tool -modfile=tools/go.mod staticcheck -version >/dev/null; then
  step staticcheck
  go tool -modfile=tools/go.mod staticcheck ./...
  step govulncheck
  scripts/vulncheck
else
  echo "staticcheck and govulncheck of tools/go.mod cannot be had: NOT CHECKED." >&2
  [ -z "${CI:-}" ] || exit 1
fi
step go test
go test $(go list ./... | grep -vE '/(interop|promises)(/|$)')
# These run a program that they build themselves, of which the cache of go test
# knows nothing.
go test -count=1 $(go list ./... | grep -E '/(interop|promises)(/|$)' | grep -v /interop/clients)
step go test ./interop/clients
# Real programs on a busy machine: one that misses its moment may try again, and
# one that fails three times has failed.
clients() { # pattern: prints the patterns of what failed
  local log
  log=$(mktemp)
  if go test -count=1 -run "$1" ./interop/clients > "$log" 2>&1; then
    cat "$log" >&2
  else
    cat "$log" >&2
    # A program that failed is tried again, not all that TestClients runs.
    sed -nE 's/^--- FAIL: (Test[^ ]*) .*/^\1$/p; s/^    --- FAIL: (TestClients)\/([^ ]*) .*/^\1$\/^\2$/p' "$log" |
      awk '/\//{programs = 1} {line[NR] = $0} END {for (i = 1; i <= NR; i++) if (!(programs && line[i] == "^TestClients$")) print line[i]}'
    grep -q '^--- FAIL' "$log" || echo . # it did not even build, or was cut
  fi
  rm -f "$log"
}
failing=.
for try in 1 2 3; do
  again=
  for pattern in $failing; do
    again="$again $(clients "$pattern")"
  done
  failing=$(echo $again)
  [ -n "$failing" ] || break
  [ "$try" = 3 ] && { echo "failed three times: $failing" >&2; exit 1; }
  echo "again: $failing"
done
step go test -race
go test -race ./admin ./blob/... ./directory ./dovecotauth ./imap ./imap/view ./kv/... ./mail ./notify/... ./server ./smtp ./socketmap
go test -race -run TestLinear ./promises
echo
echo "all tests passed"
