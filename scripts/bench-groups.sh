#!/usr/bin/env bash
# Measures what groups, grants and shared mailboxes cost and writes that table of
# docs/performance.md:
#
#   scripts/bench-groups.sh [DOCUMENT]     docs/performance.md, unless another is named
#
# It takes about three minutes. RUNS=3 measures several times and shows medians.
set -euo pipefail
cd "$(dirname "$0")/.."
document=${1:-docs/performance.md}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for run in $(seq "${RUNS:-1}"); do
  echo "run $run of ${RUNS:-1}" >&2
  go test -run '^$' -bench '^BenchmarkGroups$' -benchtime 100x -timeout 20m ./mail | tee -a "$out" >&2
  go test -run '^$' -bench '^Benchmark(Grant|Push|Rights)$' -benchtime 100x -timeout 20m ./imap | tee -a "$out" >&2
  go test -run '^$' -bench '^BenchmarkList$' -benchtime 2s -timeout 20m ./imap | tee -a "$out" >&2
done
go run ./scripts/perftable groups "$document" "$out"
echo "$document is written" >&2
