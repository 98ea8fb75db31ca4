#!/usr/bin/env bash
# make-fixture.sh FILE.tar.gz: makes a small data directory with the poststube of
# this tree and packs it, for server/testdata. A version that raises
# mail.StoreFormat stores one of its own; those of earlier formats stay as they are.
set -euo pipefail
out=$(realpath -m "${1:?the file to write}")
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$(dirname "$0")/.."
go build -o "$work/poststube" ./cmd/poststube
export POSTSTUBE_STORAGE_MIN_FREE=0 POSTSTUBE_STORAGE_BALLAST=0 LC_ALL=C POSTSTUBE_DATA="$work/data"
p() { "$work/poststube" "$@"; }

printf 'anna:secret\nben:secret\nclara:secret\n' >"$work/users"
cat >"$work/mail.mbox" <<'MBOX'
From ben@example.org Tue Nov 24 12:00:00 2026
From: ben@example.org
Subject: one
Message-ID: <one@example.org>
Status: RO

Hello one

From ben@example.org Tue Nov 24 13:00:00 2026
From: ben@example.org
Subject: Re: one
Message-ID: <two@example.org>
References: <one@example.org>

Hello two

From clara@example.org Tue Nov 24 14:00:00 2026
From: clara@example.org
Subject: three, expunged
Message-ID: <three@example.org>

Hello three

MBOX
{
  printf 'From ben@example.org Tue Nov 24 12:00:00 2026\nFrom: ben@example.org\nSubject: large\nMessage-ID: <large@example.org>\n\n'
  for i in $(seq 1400); do echo "line $((i % 10)) of a message that is too large for the commit that mentions it"; done
} >"$work/large.mbox"

p user add --from "$work/users"
p group add sales
p group member add sales anna ben
p mailbox create -u anna Projects
p mailbox create -u anna Projects/A
p import mbox -u anna -m Projects/A "$work/mail.mbox"
p import mbox -u sales -m Inbox "$work/large.mbox"
p acl set anna:Projects/A ben lrswi
p acl set group:sales/Inbox group:sales editor
p address add ben b.other@example.org
p quota set anna --messages 1000
"$work/poststube" serve --listen imap=127.0.0.1:0 >"$work/serve.log" 2>&1 &
server=$!
for _ in $(seq 100); do if grep -q "^ready" "$work/serve.log"; then break; fi; sleep 0.1; done
port=$(sed -n 's/^listening imap=127.0.0.1://p' "$work/serve.log")
python3 - "$port" <<'PY'
import imaplib, sys

def session(user, *commands):
    c = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
    c.login(user, "secret")
    for name, *args in commands:
        answer = getattr(c, name)(*args)
        if answer[0] != "OK":
            sys.exit(f"{user}: {name} {args}: {answer}")
    c.logout()

session("anna", ("select", "Projects/A"), ("store", "1", "+FLAGS", "(\\Flagged urgent)"),
        ("store", "3", "+FLAGS", "(\\Deleted)"), ("expunge",), ("copy", "2", "INBOX"),
        ("xatom", "SETMETADATA", "Projects/A", '(/shared/comment "a note")'), ("subscribe", "Nowhere"))
session("ben", ("select", "Users/anna/Projects/A"), ("store", "2", "+FLAGS", "(\\Seen)"),
        ("select", "Shared/sales/Inbox"), ("store", "1", "+FLAGS", "(\\Seen \\Answered)"))
PY
kill "$server"
wait "$server" || true
server=
p verify
tar -cz --owner=0 --group=0 --exclude=LOCK --exclude=holder -f "$out" -C "$work/data" kv blob
ls -l "$out"
