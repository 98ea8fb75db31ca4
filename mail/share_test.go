package mail

import (
	"strings"
	"testing"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

func (w *world) grant(user, mailbox, identifier, letters string) {
	w.t.Helper()
	id, err := acl.ParseIdentifier(identifier)
	w.must(err)
	mod, err := acl.ParseModification(letters, acl.Supported)
	w.must(err)
	w.must(w.as(user).SetACL(w.ctx, mailbox, id, mod))
}

func (w *world) names(user string) string {
	w.t.Helper()
	list, err := w.as(user).Mailboxes(w.ctx)
	w.must(err)
	var out []string
	for _, i := range list {
		if i.Namespace == Personal {
			continue
		}
		name := i.Name
		if i.NonExistent {
			name += "!"
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func TestInheritedGrantAppears(t *testing.T) {
	w := newWorld(t)
	anna := w.as("anna")
	_, err := anna.Create(w.ctx, "Projects/A/secret", nil)
	w.must(err)
	w.grant("anna", "Projects/A", "group:sales", "lr")
	w.grant("anna", "Projects/A/secret", "group:sales", "")
	if got, want := w.names("ben"), "Users! Users/anna! Users/anna/Projects! Users/anna/Projects/A"; got != want {
		t.Errorf("ben sees %s, want %s", got, want)
	}
	if got := w.names("clara"); got != "" {
		t.Errorf("clara sees %s", got)
	}
	// Made later, and there at once.
	_, err = anna.Create(w.ctx, "Projects/A/later", nil)
	w.must(err)
	if got, want := w.names("ben"), "Users! Users/anna! Users/anna/Projects! Users/anna/Projects/A Users/anna/Projects/A/later"; got != want {
		t.Errorf("ben sees %s, want %s", got, want)
	}
	w.must(w.dir.RemoveMembers(w.ctx, w.person("sales").ID, w.person("ben").ID))
	if got := w.names("ben"); got != "" {
		t.Errorf("ben still sees %s", got)
	}
	_, err = w.as("ben").Open(w.ctx, "Users/anna/Projects/A")
	kindOf(t, err, NotFound)
}

func TestRightsDecide(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.grant("anna", "INBOX", "ben", "lr")
	b := w.open("ben", "Users/anna/INBOX")
	s, err := b.State(w.ctx, false)
	w.must(err)
	if !s.ReadOnly || s.Settable != 0 {
		t.Errorf("state %+v", s)
	}
	_, err = b.SetFlags(w.ctx, uidset.Of(1), FlagChange{Op: AddFlags, Flags: Flags{System: Seen}})
	kindOf(t, err, Denied)
	_, _, err = b.Expunge(w.ctx, uidset.Of(1))
	kindOf(t, err, Denied)
	_, err = w.as("ben").Append(w.ctx, "Users/anna/INBOX", []NewMessage{{Upload: w.upload(letter("x"))}})
	kindOf(t, err, Denied)
	kindOf(t, w.as("ben").Delete(w.ctx, "Users/anna/INBOX"), Denied)
	w.grant("anna", "INBOX", "ben", "+si")
	_, err = b.SetFlags(w.ctx, uidset.Of(1), FlagChange{Op: AddFlags, Flags: Flags{System: Seen | Flagged}})
	w.must(err)
	if got := w.show(b); got != `1\Seen` {
		t.Errorf("ben sees %s", got)
	}
	if got := w.show(w.open("anna", "INBOX")); got != "1" {
		t.Errorf("anna sees %s", got)
	}
	_, err = w.as("clara").ACL(w.ctx, "Users/anna/INBOX")
	kindOf(t, err, NotFound)
}

func TestWhy(t *testing.T) {
	w := newWorld(t)
	_, err := w.as("anna").Create(w.ctx, "A/B", nil)
	w.must(err)
	w.grant("anna", "A", "group:sales", "lrsw")
	w.grant("anna", "A", "ben", "lri")
	w.grant("anna", "A/B", "-group:sales", "w")
	w.grant("anna", "A/B", "anyone", "l")
	x, err := w.as("anna").Why(w.ctx, "A/B", w.person("ben"))
	w.must(err)
	var got []string
	for _, r := range x.Reasons {
		line := r.Identifier.String() + " " + r.Rights.Letters() + " at " + r.At + " effect " + r.Effect.Letters()
		if len(r.Via) > 0 {
			line += " via " + strings.Join(r.Via, ",")
		}
		got = append(got, line)
	}
	want := "anyone l at A/B effect l; ben lri at A effect ri; group:sales lrsw at A effect sw via sales; -group:sales w at A/B effect w via sales"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("reasons\n%s\nwant\n%s", s, want)
	}
	if x.Rights.Letters() != "lrsi" {
		t.Errorf("rights %s", x.Rights.Letters())
	}
}

func TestPolicyAndModSeq(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.grant("anna", "INBOX", "ben", "lrsw")
	ben := w.open("ben", "Users/anna/INBOX")
	before, err := ben.State(w.ctx, false)
	w.must(err)
	anna := w.open("anna", "INBOX")
	_, err = anna.SetFlags(w.ctx, uidset.Of(1), FlagChange{Op: AddFlags, Flags: Flags{System: Seen}})
	w.must(err)
	ch, err := ben.Changes(w.ctx, before.HighestModSeq)
	w.must(err)
	if ch.UpTo != before.HighestModSeq || !ch.Changed.Empty() {
		t.Errorf("ben learns of what anna has read: %+v", ch)
	}
	w.must(w.as("anna").SetMetadata(w.ctx, "INBOX", []MetadataEntry{{PolicyEntry, []byte("none")}}))
	ch, err = ben.Changes(w.ctx, before.HighestModSeq)
	w.must(err)
	if ch.Changed.String() != "1" {
		t.Errorf("ben does not learn of the new policy: %+v", ch)
	}
	if got := w.show(ben); got != `1\Seen` {
		t.Errorf("ben sees %s", got)
	}
	kindOf(t, w.as("ben").SetMetadata(w.ctx, "Users/anna/INBOX", []MetadataEntry{{PolicyEntry, nil}}), Denied)
}

func TestUndeleteAndAudit(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.grant("anna", "INBOX", "ben", "lrswite")
	ben := w.open("ben", "Users/anna/INBOX")
	_, err := ben.SetFlags(w.ctx, uidset.Of(1), FlagChange{Op: AddFlags, Flags: Flags{System: Deleted | Flagged}})
	w.must(err)
	_, _, err = ben.Expunge(w.ctx, uidset.Of(1))
	w.must(err)
	gone, err := w.as("anna").Expunged(w.ctx, "INBOX", time.Time{})
	w.must(err)
	if len(gone) != 1 || gone[0].UID != 1 || gone[0].By.Name != "ben" {
		t.Fatalf("expunged %+v", gone)
	}
	back, err := w.as("anna").Restore(w.ctx, "INBOX", uidset.Of(1))
	w.must(err)
	if back.To.String() != "2" {
		t.Errorf("restored %+v", back)
	}
	again, err := w.as("anna").Restore(w.ctx, "INBOX", uidset.Of(1))
	w.must(err)
	if !again.To.Empty() {
		t.Errorf("restored twice: %+v", again)
	}
	if got := w.show(w.open("anna", "INBOX")); got != `2\Flagged` {
		t.Errorf("anna has %s", got)
	}
	records, err := w.as("anna").Audit(w.ctx, "INBOX", time.Time{}, 100)
	w.must(err)
	var actions []string
	for _, r := range records {
		actions = append(actions, r.Action+" "+r.Actor.Name)
	}
	if got, want := strings.Join(actions, ", "), "deliver , acl anna, flags ben, expunge ben, undelete anna"; got != want {
		t.Errorf("audit %s, want %s", got, want)
	}
	_, err = w.as("ben").Audit(w.ctx, "Users/anna/INBOX", time.Time{}, 100)
	kindOf(t, err, Denied)
}

func TestQuota(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.must(w.AsAdmin(w.person("anna"), "test").SetQuota(w.ctx, Quota{Messages: 2}))
	w.deliver("anna", "two")
	res := w.Engine.Deliver(w.ctx, Envelope{To: []string{"anna", "ben"}}, w.upload(letter("three")))
	kindOf(t, res[0].Err, OverQuota)
	if res[1].Err != nil {
		t.Errorf("ben gets nothing since anna is full: %v", res[1].Err)
	}
	_, err := w.open("anna", "INBOX").Copy(w.ctx, uidset.Of(1), "Archive")
	kindOf(t, err, OverQuota)
	_, err = w.open("anna", "INBOX").Move(w.ctx, uidset.Of(1), "Archive")
	w.must(err)
	for p, err := range w.Check(w.ctx, CheckOptions{}) {
		t.Errorf("check: %v %v", p, err)
	}
}

func TestGrantIsAnnouncedOnce(t *testing.T) {
	w := newWorld(t)
	var told []string
	w.config.OnGrant = func(g Grant) {
		for _, to := range g.To {
			told = append(told, g.By.Name+" to "+to.Person.Name+" "+to.Name+" "+g.Rights.Letters())
		}
	}
	_, err := w.as("anna").Create(w.ctx, "Projects", nil)
	w.must(err)
	w.grant("anna", "Projects", "group:sales", "lr")
	w.grant("anna", "Projects", "group:sales", "+s")
	w.grant("anna", "Projects", "-clara", "lr")
	w.grant("anna", "Projects", "anyone", "lr")
	if got, want := strings.Join(told, ", "), "anna to ben Users/anna/Projects lr"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}

func TestRemovedPeopleLeaveNothing(t *testing.T) {
	w := newWorld(t)
	w.deliver("ben", "one")
	w.deliver("anna", "two")
	ben := w.person("ben")
	w.grant("ben", "INBOX", "anna", "lr")
	_, err := w.open("anna", "Users/ben/INBOX").Copy(w.ctx, uidset.Of(1), "Archive")
	w.must(err)
	w.grant("anna", "INBOX", "ben", "lr")
	w.grant("anna", "Archive", "-ben", "lr")
	sales := w.person("sales")
	w.grant("anna", "Sent", "group:sales", "lr")
	for _, p := range []directory.Principal{ben, sales} {
		w.must(w.dir.Remove(w.ctx, p.ID))
		w.must(w.Engine.Remove(w.ctx, p))
	}
	if got := w.names("anna"); got != "" {
		t.Errorf("anna still sees %s", got)
	}
	for _, name := range []string{"INBOX", "Archive", "Sent"} {
		list, err := w.as("anna").ACL(w.ctx, name)
		w.must(err)
		if len(list) != 1 {
			t.Errorf("%s has %+v", name, list)
		}
	}
	if got := w.show(w.open("anna", "Archive")); got != "1" {
		t.Errorf("anna's copy: %q", got)
	}
	for p, err := range w.Check(w.ctx, CheckOptions{Bodies: true}) {
		t.Errorf("check: %v %v", p, err)
	}
	owners, err := w.owners(w.ctx)
	w.must(err)
	if len(owners) != 1 {
		t.Errorf("owners %v", owners)
	}
}

func TestTrashStaysWithTheTeam(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.grant("anna", "INBOX", "ben", "lrswite")
	done, err := w.open("ben", "Users/anna/INBOX").Move(w.ctx, uidset.Of(1), "Trash")
	w.must(err)
	if !done.To.Empty() || done.ModSeq == 0 {
		t.Errorf("moved %+v", done)
	}
	if got := w.show(w.open("ben", "Trash")); got != "" {
		t.Errorf("ben has %s", got)
	}
	if got := w.show(w.open("anna", "Trash")); got != "1" {
		t.Errorf("anna has %s", got)
	}
}

func TestPurge(t *testing.T) {
	w := newWorld(t)
	for _, s := range []string{"one", "two", "three"} {
		w.deliver("anna", s)
	}
	b := w.open("anna", "INBOX")
	_, err := b.Copy(w.ctx, uidset.Of(1), "Archive")
	w.must(err)
	w.grant("anna", "INBOX", "ben", "lr")
	_, err = w.open("ben", "Users/anna/INBOX").Copy(w.ctx, uidset.Of(2), "Archive")
	w.must(err)
	remove := func(b *Mailbox, uids uidset.Set) {
		_, err := b.SetFlags(w.ctx, uids, FlagChange{Op: AddFlags, Flags: Flags{System: Deleted}})
		w.must(err)
		_, _, err = b.Expunge(w.ctx, uids)
		w.must(err)
	}
	remove(b, uidset.Of(1, 2))
	w.must(w.as("anna").Delete(w.ctx, "Junk"))
	deleted := w.now
	w.now = w.now.Add(time.Hour)
	remove(b, uidset.Of(3))
	done, err := w.Purge(w.ctx, PurgeOptions{Deleted: deleted.Add(time.Minute), Log: deleted.Add(time.Minute)})
	w.must(err)
	// The first is still in Archive, the second is ben's as well.
	if done.Messages != 2 || done.Emails != 1 {
		t.Errorf("purged %+v", done)
	}
	gone, err := w.as("anna").Expunged(w.ctx, "INBOX", time.Time{})
	w.must(err)
	if len(gone) != 1 || gone[0].UID != 3 {
		t.Errorf("left %+v", gone)
	}
	if got := w.show(w.open("ben", "Archive")); got != "1" {
		t.Errorf("ben has %s", got)
	}
	w.forget() // what is in memory still knows
	ch, err := b.Changes(w.ctx, 1)
	w.must(err)
	if !ch.Incomplete {
		t.Errorf("the log is gone, but %+v", ch)
	}
	for p, err := range w.Check(w.ctx, CheckOptions{Bodies: true}) {
		t.Errorf("check: %v %v", p, err)
	}
	w.now = w.now.Add(time.Hour)
	done, err = w.Purge(w.ctx, PurgeOptions{Deleted: w.now, Log: w.now})
	w.must(err)
	if done.Messages != 1 || done.Emails != 1 {
		t.Errorf("purged %+v", done)
	}
}
