#!/usr/bin/env bash
# Measures poststube beside Dovecot and Cyrus and writes the table of
# docs/performance.md.
#
#   POSTSTUBE_BENCH_KIT=FOLDER scripts/bench-peers.sh [smoke|quick|full]
#
# The kit is a folder with run.sh, which drives a load generator (imapbench), and with
# peers/NAME.sh for each server. Each peer must be installed: peers/NAME.sh install.
# The machine should have nothing else to do.
#
#   PEERS  which servers, "poststube dovecot cyrus"   RUNS  how often; medians are shown, 1
#   OUT    file for the JSON lines, kept              ONLY, SET: as run.sh takes them
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
kit=${POSTSTUBE_BENCH_KIT:?give the folder with run.sh and peers/}
scale=${1:-full}
peers=${PEERS:-poststube dovecot cyrus}
[ -x "$kit/run.sh" ] || { echo "$kit: there is no run.sh" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OUT=${OUT:-$root/peers-$(date +%Y%m%d-%H%M%S).jsonl}
export POSTSTUBE_SRC=$root
touch "$OUT"

# indexed waits until the server of the kit has nothing left to index, and empties
# the page cache.
indexed() {
  local bench=${BENCH_OPT:-$HOME/.cache/peers}/bench started=$SECONDS
  "$kit/peers/poststube.sh" start
  until state=$(LANG=C "$bench/bin/poststube" index status --data "$bench/poststube/data") && [[ $state != *behind* ]]; do sleep 1; done
  echo "the index was ready $((SECONDS - started)) s after the restart" >&2
  "$kit/peers/poststube.sh" stop
  sync
  echo 3 > /proc/sys/vm/drop_caches 2>/dev/null || true
}

cd "$root"
go build -o "$work/perftable" ./scripts/perftable
for i in $(seq "${RUNS:-1}"); do
  echo "run $i" >&2
  "$work/perftable" probe "$(dirname "$OUT")" >> "$OUT"
  for peer in $peers; do
    if [ "$peer" = poststube ]; then
      # Mailboxes are filled, and the search index that is built in the background is
      # waited for, as it would be the next time that somebody searches.
      ONLY=probe "$kit/run.sh" "$scale" poststube > "$work/table.md"
      indexed
      KEEP=1 "$kit/run.sh" "$scale" poststube > "$work/table.md"
    else
      "$kit/run.sh" "$scale" "$peer" > "$work/table.md"
    fi
  done
  # Changes of flags are compared with a Dovecot that syncs them, as we do.
  if [[ " $peers " == *" dovecot "* ]] && [[ " ${ONLY:-store} " == *" store "* ]]; then
    NAME=dovecot-fsync DOVECOT_FSYNC=always ONLY=store "$kit/run.sh" "$scale" dovecot > "$work/table.md"
  fi
done
"$work/perftable" peers docs/performance.md "$OUT"
echo "docs/performance.md is written; the measurements are in $OUT" >&2
