package mail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
	"poststube/kv/sealed"
	"poststube/notify/localbus"
	"poststube/storetest"
	"poststube/uidset"
)

// A world is an engine with anna, ben and clara, of whom anna and ben are in the
// group sales.
type world struct {
	*Engine
	t     fataler
	ctx   context.Context
	db    kv.DB
	blobs blob.Store
	dir   *directory.Directory
	now   time.Time
}

// A fataler is a test that can be ended: of package testing or of rapid.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Errorf(format string, args ...any)
}

func newWorld(t testing.TB) *world { return newWorldOn(t, sealed.New(storetest.NewKV(t))) }

func newWorldOn(t testing.TB, db kv.DB) *world {
	w := &world{t: t, ctx: context.Background(), db: db, blobs: storetest.NewBlob(t), now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	bus := localbus.New()
	var err error
	w.dir, err = directory.Open(w.ctx, w.db, directory.Options{Argon: directory.ArgonParams{Memory: 8, Time: 1, Threads: 1}, SCRAMIterations: -1, Bus: bus})
	w.must(err)
	for _, name := range []string{"anna", "ben", "clara"} {
		_, err := w.dir.AddPerson(w.ctx, name, "secret")
		w.must(err)
	}
	g, err := w.dir.AddGroup(w.ctx, "sales")
	w.must(err)
	w.must(w.dir.AddMembers(w.ctx, g.ID, w.person("anna").ID, w.person("ben").ID))
	w.Engine, err = Open(w.ctx, Config{DB: w.db, Blobs: w.blobs, Bus: bus, Directory: w.dir, Now: func() time.Time { return w.now }})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(name string) directory.Principal {
	w.t.Helper()
	p, err := w.dir.ByName(w.ctx, name)
	w.must(err)
	return p
}

func (w *world) as(name string) *User { return w.As(w.person(name), Origin{Protocol: "test"}) }

func (w *world) open(user, name string) *Mailbox {
	w.t.Helper()
	b, err := w.as(user).Open(w.ctx, name)
	w.must(err)
	return b
}

func (w *world) upload(text string) *Upload {
	w.t.Helper()
	up, err := w.Upload(w.ctx, strings.NewReader(text), -1)
	w.must(err)
	return up
}

func letter(subject string) string {
	return "From: Ben <ben@example.org>\r\nTo: anna@example.org\r\nSubject: " + subject +
		"\r\nMessage-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@example.org>\r\n\r\nHello " + subject + "\r\n"
}

func (w *world) deliver(to, subject string) {
	w.t.Helper()
	for _, d := range w.Engine.Deliver(w.ctx, Envelope{From: "ben@example.org", To: []string{to}}, w.upload(letter(subject))) {
		w.must(d.Err)
	}
}

// show writes a mailbox as one user sees it: UID, flags and subject of each
// message.
func (w *world) show(b *Mailbox) string {
	w.t.Helper()
	s, err := b.State(w.ctx, false)
	w.must(err)
	var out []string
	for from := uint32(1); from != 0; {
		from, err = b.Messages(w.ctx, s.UIDs, from, WantRendered|WantRaw, func(m *Message) bool {
			out = append(out, fmt.Sprint(m.UID, flagText(m.Flags)))
			if int64(len(m.Raw)) != m.Size {
				w.t.Errorf("UID %d: %d octets of %d", m.UID, len(m.Raw), m.Size)
			}
			return false
		})
		w.must(err)
	}
	return strings.Join(out, " ")
}

func flagText(f Flags) string {
	return strings.TrimPrefix(FlagChange{Flags: f}.describe(), "=")
}

func kindOf(t *testing.T, err error, want Kind) {
	t.Helper()
	if err == nil || KindOf(err) != want {
		t.Fatalf("error %v, want kind %v", err, want)
	}
}

func TestDeliverStoreExpunge(t *testing.T) {
	w := newWorld(t)
	for _, s := range []string{"one", "two", "three"} {
		w.deliver("anna@example.org", s)
	}
	b := w.open("anna", "inbox")
	before, err := b.State(w.ctx, true)
	w.must(err)
	if before.Exists != 3 || before.UIDNext != 4 || before.FirstUnseen != 1 || before.Recent != 3 || before.Unseen != 3 {
		t.Fatalf("state %+v", before)
	}
	st, err := b.SetFlags(w.ctx, uidset.Of(1, 2), FlagChange{Op: AddFlags, Flags: Flags{System: Seen | Deleted, Keywords: []string{"$Todo"}}})
	w.must(err)
	if got := st.Changed.String(); got != "1:2" {
		t.Errorf("changed %s", got)
	}
	if got, want := w.show(b), `1\Seen \Deleted $Todo 2\Seen \Deleted $Todo 3`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	gone, _, err := b.Expunge(w.ctx, uidset.Of(2, 3))
	w.must(err)
	if gone.String() != "2" {
		t.Errorf("expunged %s", gone.String())
	}
	ch, err := b.Changes(w.ctx, before.HighestModSeq)
	w.must(err)
	if ch.Changed.String() != "1" || ch.Vanished.String() != "2" || !ch.Arrived.Empty() {
		t.Errorf("changes %+v", ch)
	}
	w.deliver("anna", "four")
	after, err := b.State(w.ctx, false)
	w.must(err)
	if after.Exists != 3 || after.UIDs.String() != "1,3:4" || after.Unseen != 2 || after.Deleted != 1 || after.UIDNext != 5 {
		t.Errorf("state %+v", after)
	}
	s, err := w.as("anna").Status(w.ctx, "INBOX", WantAllStatus)
	w.must(err)
	if s.Recent != 1 || s.Exists != 3 {
		t.Errorf("status %+v", s)
	}
}

func TestUnchangedSince(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.deliver("anna", "two")
	b := w.open("anna", "INBOX")
	s, err := b.State(w.ctx, false)
	w.must(err)
	_, err = b.SetFlags(w.ctx, uidset.Of(1), FlagChange{Op: AddFlags, Flags: Flags{System: Flagged}})
	w.must(err)
	st, err := b.SetFlags(w.ctx, uidset.Range(1, 9), FlagChange{Op: AddFlags, Flags: Flags{System: Answered}, Conditional: true, UnchangedSince: s.HighestModSeq})
	w.must(err)
	if st.Modified.String() != "1" || st.Changed.String() != "2" || st.Missing.String() != "3:9" {
		t.Errorf("stored %+v", st)
	}
}

func TestCopyMoveBetweenOwners(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.deliver("anna", "two")
	b := w.open("anna", "INBOX")
	_, err := b.SetFlags(w.ctx, uidset.Of(2), FlagChange{Op: SetFlags, Flags: Flags{System: Seen, Keywords: []string{"urgent"}}})
	w.must(err)
	_, err = b.Copy(w.ctx, uidset.Of(1), "Nowhere")
	kindOf(t, err, NoParent)
	_, err = b.Copy(w.ctx, uidset.Of(1), "Users/ben/INBOX")
	kindOf(t, err, NotFound)
	c, err := b.Move(w.ctx, uidset.Of(1, 2, 7), "Archive")
	w.must(err)
	if c.From.String() != "1:2" || c.To.String() != "1:2" {
		t.Errorf("moved %+v", c)
	}
	if got := w.show(b); got != "" {
		t.Errorf("inbox still has %s", got)
	}
	archive := w.open("anna", "Archive")
	if got, want := w.show(archive), `1 2\Seen urgent`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err = archive.Copy(w.ctx, uidset.Of(2), "Archive")
	w.must(err)
	if got, want := w.show(archive), `1 2\Seen urgent 3\Seen urgent`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMailboxes(t *testing.T) {
	w := newWorld(t)
	u := w.as("anna")
	_, err := u.Create(w.ctx, "Projects/A/deep", nil)
	w.must(err)
	_, err = u.Create(w.ctx, "inbox", nil)
	kindOf(t, err, Exists)
	_, err = u.Create(w.ctx, "Users/ben/x", nil)
	kindOf(t, err, NotFound)
	_, err = u.Create(w.ctx, "users", nil)
	kindOf(t, err, Invalid)
	_, err = u.Create(w.ctx, "More", []string{`\sent`})
	kindOf(t, err, UseAttr)
	kindOf(t, u.Delete(w.ctx, "Projects/A"), HasChildren)
	kindOf(t, u.Delete(w.ctx, "InBox"), Invalid)
	kindOf(t, u.Rename(w.ctx, "Projects", "Projects/A/x"), Invalid)
	w.must(u.Rename(w.ctx, "Projects/A", "Work/B"))
	w.must(u.Subscribe(w.ctx, "Work/B/deep"))
	w.must(u.Delete(w.ctx, "Work/B/deep"))
	names := func() (out []string) {
		list, err := u.Mailboxes(w.ctx)
		w.must(err)
		for _, i := range list {
			out = append(out, i.Name)
		}
		return out
	}
	if got, want := names(), []string{"INBOX", "Archive", "Drafts", "Junk", "Projects", "Sent", "Trash", "Work", "Work/B"}; !slices.Equal(got, want) {
		t.Errorf("mailboxes %v, want %v", got, want)
	}
	subs, err := u.Subscriptions(w.ctx)
	w.must(err)
	if !slices.Equal(subs, []string{"Work/B/deep"}) {
		t.Errorf("names %v", subs)
	}
	w.deliver("anna", "one")
	w.must(u.Rename(w.ctx, "INBOX", "Old"))
	if got := w.show(w.open("anna", "Old")); got != "1" {
		t.Errorf("Old has %q", got)
	}
	if got := w.show(w.open("anna", "INBOX")); got != "" {
		t.Errorf("INBOX has %q", got)
	}
}

func TestSubaddress(t *testing.T) {
	w := newWorld(t)
	_, err := w.as("anna").Create(w.ctx, "Lists/Go", nil)
	w.must(err)
	w.deliver("anna+lists.go@example.org", "one")
	w.deliver("anna+nothing@example.org", "two")
	if got := w.show(w.open("anna", "Lists/Go")); got != "1" {
		t.Errorf("Lists/Go has %q", got)
	}
	if got := w.show(w.open("anna", "INBOX")); got != "1" {
		t.Errorf("INBOX has %q", got)
	}
	res := w.Engine.Deliver(w.ctx, Envelope{To: []string{"nobody@example.org", "ben", "clara", "ben@example.org"}}, w.upload(letter("three")))
	kindOf(t, res[0].Err, NotFound)
	if res[1].Err != nil || res[2].Err != nil || res[3].Err != nil || res[3].UID != res[1].UID {
		t.Errorf("results %+v", res)
	}
	if got := w.show(w.open("ben", "INBOX")); got != "1" {
		t.Errorf("ben has %q", got)
	}
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	for _, s := range []string{"Grüße aus Köln", "two", "three"} {
		w.deliver("anna", s)
		w.now = w.now.Add(24 * time.Hour)
	}
	b := w.open("anna", "INBOX")
	_, err := b.SetFlags(w.ctx, uidset.Of(2), FlagChange{Op: AddFlags, Flags: Flags{System: Seen, Keywords: []string{"x"}}})
	w.must(err)
	all := uidset.Range(1, 3)
	queries := []struct {
		q    *Query
		want string
	}{
		{&Query{Op: QSubject, Text: "GRÜSSE"}, ""},
		{&Query{Op: QSubject, Text: "GRÜßE AUS"}, "1"},
		{&Query{Op: QBody, Text: "hello t"}, "2:3"},
		{&Query{Op: QText, Text: "köln"}, "1"},
		{&Query{Op: QFrom, Text: "BEN@"}, "1:3"},
		{&Query{Op: QFlag, Flag: Seen}, "2"},
		{&Query{Op: QKeyword, Text: "X"}, "2"},
		{&Query{Op: QNot, Sub: []*Query{{Op: QFlag, Flag: Seen}}}, "1,3"},
		{&Query{Op: QOr, Sub: []*Query{{Op: QKeyword, Text: "X"}, {Op: QSubject, Text: "three"}}}, "2:3"},
		{&Query{Op: QAnd, Sub: []*Query{{Op: QSince, Date: w.now.AddDate(0, 0, -2)}, {Op: QBefore, Date: w.now.AddDate(0, 0, -1)}}}, "2"},
		{&Query{Op: QHeader, Name: "Message-Id"}, "1:3"},
		{&Query{Op: QHeader, Name: "X-None"}, ""},
		{&Query{Op: QLarger, Num: 1}, "1:3"},
	}
	ask := func(when string) {
		for _, c := range queries {
			f, err := b.Search(w.ctx, all, c.q, true)
			w.must(err)
			if got := f.UIDs.String(); got != c.want {
				t.Errorf("%s: %+v: %q, want %q", when, c.q, got, c.want)
			}
		}
	}
	ask("not indexed")
	w.must(w.IndexAll(w.ctx, nil))
	ask("indexed")
	w.deliver("anna", "two more")
	all = uidset.Range(1, 4)
	queries = queries[:0:0]
	for q, want := range map[string]string{"two": "2,4", "more": "4", "hello": "1:4"} {
		queries = append(queries, struct {
			q    *Query
			want string
		}{&Query{Op: QText, Text: q}, want})
	}
	ask("indexed but the last")
}

func TestLargeMessageInBlob(t *testing.T) {
	w := newWorld(t)
	text := letter("large") + strings.Repeat("0123456789abcdef\r\n", 20000)
	_, err := w.as("anna").Append(w.ctx, "INBOX", []NewMessage{{Upload: w.upload(text), Flags: Flags{System: Draft}, InternalDate: time.Date(2001, 2, 3, 4, 5, 6, 0, time.FixedZone("", 3600))}})
	w.must(err)
	b := w.open("anna", "INBOX")
	body, err := b.OpenBody(w.ctx, 1)
	w.must(err)
	got := make([]byte, body.Size())
	_, err = body.ReadAt(got, 0)
	w.must(err)
	w.must(body.Close())
	if string(got) != text {
		t.Error("the body is another")
	}
	if _, err := w.Upload(w.ctx, strings.NewReader(text), w.MaxMessage()+1); KindOf(err) != TooBig {
		t.Errorf("error %v", err)
	}
	_, err = b.OpenBody(w.ctx, 2)
	kindOf(t, err, NotFound)
}

func TestObjectID(t *testing.T) {
	w := newWorld(t)
	id := w.ObjectID('E', 17, 99)
	if o, n, ok := w.ParseObjectID('E', id); !ok || o != 17 || n != 99 {
		t.Errorf("%s: %d %d %v", id, o, n, ok)
	}
	for _, bad := range []string{"", "E", id[:10], "M" + id[1:], id + "A"} {
		if _, _, ok := w.ParseObjectID('E', bad); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestFailuresHaveKinds(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if err := w.failure(ctx, "test", errors.New("boom")); KindOf(err) != Internal || strings.Contains(Text(err), "boom") {
		t.Errorf("error %v", err)
	}
	if err := w.failure(ctx, "test", fmt.Errorf("x: %w", kv.ErrFull)); KindOf(err) != Full {
		t.Errorf("error %v", err)
	}
}
