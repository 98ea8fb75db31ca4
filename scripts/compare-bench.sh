#!/usr/bin/env bash
# Compares the Go benchmarks of the hot paths at two commits, with benchstat:
#
#   scripts/compare-bench.sh [OLD [NEW]]     the commit before HEAD and HEAD, unless others are named
#
# OLD may also be a file with results that an earlier run has kept. Old and new take
# turns, so that what else the machine does hits both alike. Nothing in the working
# tree is touched: each commit is built in a worktree of its own.
#
#   PACKAGES  what to measure              COUNT  how often, 6
#   BENCH     which benchmarks, a regexp   TIME   for how long each, 0.5s
#   KEEP      file to keep the results of NEW in
set -euo pipefail
cd "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)"
old=${1:-HEAD~1} new=${2:-HEAD}
packages=${PACKAGES:-./imap ./imap/view ./imap/wire ./mail ./search ./message ./kv/pebblekv ./blob/dirblob ./directory ./acl ./uidset ./notify/localbus ./smtp}
count=${COUNT:-6}

dir=$(mktemp -d)
clean() {
  git worktree remove --force "$dir/old" 2>/dev/null || true
  git worktree remove --force "$dir/new" 2>/dev/null || true
  rm -rf "$dir"
}
trap clean EXIT

sides=new
if [ -f "$old" ]; then
  cp "$old" "$dir/old.txt"
else
  git worktree add --quiet --detach "$dir/old" "$old"
  sides="old new"
fi
git worktree add --quiet --detach "$dir/new" "$new"

measure() { # old|new
  cd "$dir/$1"
  for p in $packages; do
    [ -d "$p" ] || continue # a package that is not there yet
    go test -run '^$' -bench "${BENCH:-.}" -benchmem -benchtime "${TIME:-0.5s}" -count 1 "$p" >> "$dir/$1.txt"
  done
}
for i in $(seq "$count"); do
  for side in $sides; do
    echo "run $i of $count, $side" >&2
    (measure "$side")
  done
done
if ! grep -q '^Benchmark' "$dir/new.txt"; then
  echo "no benchmark matches" >&2
  exit 1
fi
if [ -n "${KEEP:-}" ]; then
  grep -E '^(goos|goarch|cpu|pkg|Benchmark)' "$dir/new.txt" > "$KEEP"
fi
# Not a dependency of the module: a tool, at the version that was tried.
go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da "old=$dir/old.txt" "new=$dir/new.txt"
