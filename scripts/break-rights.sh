#!/usr/bin/env bash
# Breaks the checks of rights in the engine, one after another, and looks whether the
# tests notice: a test of rights is as good as the mistakes that it finds.
#
#   scripts/break-rights.sh [TESTS]     a regexp of tests in imap/; both suites of rights unless named
#
# Nothing in the working tree is touched. Each mistake takes some ten seconds. It
# ends with 1 if a mistake went unnoticed, or no longer fits the code.
set -euo pipefail
cd "$(git -C "$(dirname "$0")" rev-parse --show-toplevel)"
tests=${1:-}

# file | what stands there | what is put in its place; the first occurrence
mistakes='
acl/effective.go|taken \|= e.Rights|_ = taken
acl/effective.go|e.Who.Kind == User \&\& e.Who.ID != s.User|e.Who.Kind == User
acl/effective.go|return s.IsOwner$|return true
acl/list.go|if len(own) == 0 {|if true {
mail/txn.go|if rights.Has(need) {|if true {
mail/txn.go|if !rights.Has(acl.Lookup) {|if false {
mail/mailbox.go|return admit(m.rights, r)|return nil
mail/recent.go|!ch.Rights.Has(acl.Read)|ch.Rights.Has(acl.Read) \&\& false
mail/append.go|t.destination(loc, acl.Insert)|t.destination(loc, acl.Lookup)
mail/copy.go|t.destination(loc, acl.Insert)|t.destination(loc, acl.Lookup)
mail/copy.go|if move \&\& !m.rightsOn(v).Has(acl.Delete.acl.Expunge)|if false
mail/expunge.go|m.needOwn(acl.Expunge)|m.needOwn(acl.Read)
mail/expunge.go|m.rightsOn(v).Has(acl.Expunge)|true
mail/replace.go|t.destination(loc, acl.Insert)|t.destination(loc, acl.Lookup)
mail/store.go|if r.Has(acl.Seen) {|if true {
mail/store.go|if r.Has(acl.Write) {|if true {
mail/store.go|if r.Has(acl.Delete) {|if true {
mail/store.go|if r.Has(acl.Write) \&\& (|if (
mail/blocks.go|return !m.own \&\& m.policy.flags|return false \&\& m.policy.flags
mail/acl.go|_, err = t.place(a, n, need)|_, err = t.place(a, n, 0)
mail/manage.go|t.known(a, parent, acl.Create), acl.Create)|t.known(a, parent, acl.Create), 0)
mail/manage.go|t.rightsAt(a, t.known(a, parent, acl.Create)).Has(acl.Create)|true
mail/lister.go|shown := r.Has(acl.Lookup)|shown := true
mail/lister.go|if len(p.acl) > 0 \&\& !w.u.admin {|if false {
mail/listing.go|NoSelect: !r.Has(acl.Read), Rights: r, HasChildren|NoSelect: false, Rights: r, HasChildren
mail/open.go|t.place(a, n, acl.Read)|t.place(a, n, acl.Lookup)
mail/open.go|if r.Has(acl.Seen) {|if true {
mail/metadata.go|err = admit(r, acl.Read)|err = nil
mail/metadata.go|admit(p.rights, acl.Write)|error(nil)
mail/quota.go|t.place(a, n, acl.Read)|t.place(a, n, 0)
mail/listing.go|list := .*acl.User, ID: t.subject.User}, {Kind: acl.Anyone}|list := []acl.Who{{Kind: acl.User, ID: t.subject.User}
mail/reverse.go|t.topics = append(t.topics, accessTopic(e.Who))|_ = accessTopic
'

dir=$(mktemp -d)
clean() { git worktree remove --force "$dir/tree" 2>/dev/null || true; rm -rf "$dir"; }
trap clean EXIT
git worktree add --quiet --detach "$dir/tree" HEAD
cd "$dir/tree"
n=0 unnoticed=0
while IFS= read -r line; do
  [ -n "$line" ] || continue
  # A | that belongs to the code is written \|.
  line=${line//'\|'/$'\x01'}
  IFS='|' read -r file from to <<<"$line"
  from=${from//$'\x01'/|} to=${to//$'\x01'/|}
  n=$((n + 1))
  git checkout -q -- .
  sed -i "0,/$(sed 's|/|\\/|g; s/\[/\\[/g; s/\*/\\*/g' <<<"$from")/s//$(sed 's|/|\\/|g' <<<"$to")/" "$file"
  if git diff --quiet; then
    echo "does not fit any more: $file: $from"
    unnoticed=$((unnoticed + 1))
    continue
  fi
  said=$(go build ./mail 2>&1) || { echo "does not build: $file: $from -> $to: $said"; unnoticed=$((unnoticed + 1)); continue; }
  found=
  if [ -n "$tests" ]; then
    go test -count=1 -run "$tests" ./imap > "$dir/out" 2>&1 || found=yes
  else
    go test -count=1 -run '^TestRFC4314$' ./imap > "$dir/out" 2>&1 || found="conformance"
    go test -count=1 -run '^TestRightsHistories$' ./imap > "$dir/out" 2>&1 || found="$found histories"
  fi
  echo "${found:-UNNOTICED}: $file: $from"
  [ -n "$found" ] || unnoticed=$((unnoticed + 1))
done <<<"$mistakes"
echo "$n mistakes, $unnoticed unnoticed"
[ "$unnoticed" = 0 ]
