#!/usr/bin/env bash
# bench-backup.sh [MESSAGES]: how long backup, restore, verify and repair take, with
# messages of 3 KiB in the middle, in one mailbox. docs/performance.md has a run.
set -euo pipefail
messages=${1:-100000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")/.."
go build -o "$work/poststube" ./cmd/poststube
export POSTSTUBE_STORAGE_MIN_FREE=0 POSTSTUBE_STORAGE_BALLAST=0 LC_ALL=C
printf 'anna:secret\n' >"$work/users"
python3 - "$messages" >"$work/mail.mbox" <<'PY'
import random, sys

random.seed(1)
words = ["w%05d" % i for i in range(20000)]
for i in range(int(sys.argv[1])):
    body = "\n".join(" ".join(random.choice(words) for _ in range(10)) for _ in range(random.choice([5, 20, 60, 100])))
    print(f"From ben@example.org Tue Nov 24 12:00:00 2026\nFrom: ben@example.org\nSubject: message {i}\nMessage-ID: <m{i}@example.org>\n\n{body}\n")
PY
timed() { # what, command
  local name=$1 begin
  shift
  begin=$(date +%s.%N)
  "$@"
  echo "$name: $(awk "BEGIN { print $(date +%s.%N) - $begin }") s"
}
p() { "$work/poststube" "$@"; }
p user add --from "$work/users" --data "$work/data"
timed import p import mbox -u anna "$work/mail.mbox" --data "$work/data"
timed "first backup" p backup "$work/saved" --data "$work/data"
sleep 1 # backups are named after the second
timed "further backup" p backup "$work/saved" --data "$work/data"
timed restore p restore "$work/saved" --data "$work/restored"
timed verify p verify --data "$work/restored"
timed "verify --quick" p verify --quick --data "$work/restored"
timed "verify --repair" p verify --repair --data "$work/restored"
