#!/usr/bin/env bash
# Runs every fuzz target and prints a table of what was tried:
#
#   scripts/fuzz.sh [SECONDS] [WORD]
#
# SECONDS is how long each target runs (10). An hour in total is
# scripts/fuzz.sh $((3600 / $(git grep -h '^func Fuzz' -- '*_test.go' | wc -l))). WORD
# chooses targets by package or name. The exit code is 1 if something was found; Go
# keeps the input in testdata/fuzz of the package, where it is run by every go test
# from then on: commit it with the fix.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10} word=${2:-}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "SECONDS must be a number, not \"$seconds\"" >&2; exit 2; }

found=0 targets=0
printf '%-14s %-22s %12s %8s  %s\n' package target executions inputs result
while IFS=: read -r file line; do
	package=$(dirname "$file")
	target=${line#func } target=${target%%(*}
	[[ -z $word || $package/$target == *"$word"* ]] || continue
	targets=$((targets + 1))
	result=ok
	out=$(go test -run - -fuzz "^$target\$" -fuzztime "${seconds}s" "./$package" 2>&1) || { result=FOUND found=$((found + 1)); }
	last=$(grep -o 'execs: [0-9]* .*' <<<"$out" | tail -1 || true)
	executions=$(sed -n 's/^execs: \([0-9]*\) .*/\1/p' <<<"$last")
	inputs=$(sed -n 's/.*(total: \([0-9]*\)).*/\1/p' <<<"$last")
	if [ -z "$executions" ] && [ $result = ok ]; then
		result="NOT RUN: give it more SECONDS" found=$((found + 1)) # it has only run its seeds
	fi
	printf '%-14s %-22s %12s %8s  %s\n' "$package" "$target" "${executions:--}" "${inputs:--}" "$result"
	[ "$result" != FOUND ] || printf '%s\n' "$out" | tail -40
done < <(git grep '^func Fuzz' -- '*_test.go')

[ $targets -gt 0 ] || { echo "no target has \"$word\" in its name" >&2; exit 2; }
echo "$targets targets, ${seconds}s each, $found with findings or not run"
[ $found = 0 ]
