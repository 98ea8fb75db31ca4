package mail

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"poststube/directory"
)

// notes shows annotations as one line.
func notes(list []MetadataEntry) string {
	var out []string
	for _, e := range list {
		out = append(out, e.Name+"="+string(e.Value))
	}
	return strings.Join(out, " ")
}

func (w *world) metadata(user, mailbox string) string {
	w.t.Helper()
	list, err := w.as(user).Metadata(w.ctx, mailbox)
	w.must(err)
	return notes(list)
}

func TestServerMetadata(t *testing.T) {
	w := newWorld(t)
	kindOf(t, w.as("anna").SetMetadata(w.ctx, "", []MetadataEntry{{"/private/vendor/x/y", []byte("mine")}, {"/shared/comment", []byte("no")}}), Denied)
	if got := w.metadata("anna", ""); got != "" {
		t.Errorf("half of a refused change was made: %s", got)
	}
	w.must(w.AsAdmin(w.person("ben"), "test").SetMetadata(w.ctx, "", []MetadataEntry{{"/Shared/Comment", []byte("hello")}, {"/shared/admin", []byte("mailto:root@example.org")}}))
	w.must(w.as("anna").SetMetadata(w.ctx, "", []MetadataEntry{{"/private/vendor/x/y", []byte("mine")}}))
	const shared = "/shared/admin=mailto:root@example.org /shared/comment=hello"
	if got := w.metadata("anna", ""); got != "/private/vendor/x/y=mine "+shared {
		t.Errorf("anna sees %s", got)
	}
	if got := w.metadata("ben", ""); got != shared {
		t.Errorf("ben sees %s", got)
	}
	for p, err := range w.Check(w.ctx, CheckOptions{}) {
		t.Errorf("check: %v %v", p, err)
	}
}

func TestMetadataRights(t *testing.T) {
	w := newWorld(t)
	w.grant("anna", "INBOX", "ben", "l")
	_, err := w.as("ben").Metadata(w.ctx, "Users/anna/INBOX")
	kindOf(t, err, Denied)
	_, err = w.as("clara").Metadata(w.ctx, "Users/anna/INBOX")
	kindOf(t, err, NotFound)
	w.grant("anna", "INBOX", "ben", "lp")
	w.must(w.as("ben").SetMetadata(w.ctx, "Users/anna/INBOX", []MetadataEntry{{"/private/comment", []byte("ben's")}}))
	kindOf(t, w.as("ben").SetMetadata(w.ctx, "Users/anna/INBOX", []MetadataEntry{{"/shared/comment", []byte("ben's")}}), Denied)
	w.must(w.as("anna").SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/shared/comment", []byte("anna's")}}))
	if got := w.metadata("ben", "Users/anna/INBOX"); got != "/private/comment=ben's /shared/comment=anna's" {
		t.Errorf("ben sees %s", got)
	}
	if got := w.metadata("anna", "INBOX"); got != "/shared/comment=anna's" {
		t.Errorf("anna sees %s", got)
	}
}

func TestMetadataLimits(t *testing.T) {
	w := newWorld(t)
	anna := w.as("anna")
	set := func(name string, value []byte) error {
		return anna.SetMetadata(w.ctx, "INBOX", []MetadataEntry{{name, value}})
	}
	kindOf(t, set("/private/comment", bytes.Repeat([]byte("x"), MaxMetadataValue+1)), TooBig)
	for i := range MaxMetadataEntries {
		w.must(set(fmt.Sprintf("/private/vendor/x/%d", i), []byte{}))
	}
	kindOf(t, set("/private/comment", []byte("one more")), Limit)
	w.must(set("/private/vendor/x/7", []byte("in its place")))
	w.must(set("/private/vendor/x/8", nil))
	w.must(set("/private/comment", []byte("in its place")))
	kindOf(t, anna.SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/private/vendor/x/7", nil}, {"/private/vendor/y/1", []byte{}}, {"/private/vendor/y/2", []byte{}}}), Limit)
	if got := w.metadata("anna", "INBOX"); !strings.Contains(got, "/private/vendor/x/7=in its place") {
		t.Error("half of a refused change was made")
	}
	big := bytes.Repeat([]byte("x"), MaxMetadataValue)
	for i := range maxMetadataTotal / MaxMetadataValue {
		w.must(anna.SetMetadata(w.ctx, "Drafts", []MetadataEntry{{fmt.Sprintf("/shared/vendor/x/%d", i), big}}))
	}
	kindOf(t, anna.SetMetadata(w.ctx, "Drafts", []MetadataEntry{{"/shared/comment", []byte("x")}}), Limit)
}

func TestEntryNames(t *testing.T) {
	for name, want := range map[string]string{
		"/private/comment": "/private/comment", "/Shared/Vendor/X/y z": "/shared/vendor/x/y z", "/shared/a/b": "/shared/a/b",
		"/shared": "", "/shared/": "", "/shared//a": "", "/sharedx/a": "", "/other/a": "", "comment": "", "": "",
		"/shared/vendor": "", "/shared/vendor/x": "", "/shared/a*": "", "/shared/a%": "", "/shared/\u00fc": "", "/shared/a\tb": "",
	} {
		if got, err := CleanEntry(name); got != want || (err == nil) != (want != "") {
			t.Errorf("CleanEntry(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
	if _, err := CleanEntryTree("/shared/vendor"); err != nil {
		t.Error(err)
	}
}

// TestRenameInboxKeepsMetadata: RFC 5464 section 4.1.
func TestRenameInboxKeepsMetadata(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	anna := w.as("anna")
	w.must(anna.SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/private/comment", []byte("c")}, {PolicyEntry, []byte("none")}}))
	w.must(anna.Rename(w.ctx, "INBOX", "Old/mail"))
	for _, name := range []string{"INBOX", "Old/mail"} {
		if got := w.metadata("anna", name); got != "/private/comment=c "+PolicyEntry+"=none" {
			t.Errorf("%s has %s", name, got)
		}
	}
}

func TestMetadataChanges(t *testing.T) {
	w := newWorld(t)
	w.grant("anna", "INBOX", "ben", "lr")
	w.grant("anna", "Drafts", "ben", "l")
	annas, bens, other := MetadataCursor{}, MetadataCursor{}, MetadataCursor{}
	anna, ben := w.as("anna"), w.as("ben")
	again := w.Engine.As(w.person("anna"), Origin{Protocol: "test", Session: 7})
	changes := func(u *User, c MetadataCursor) string {
		t.Helper()
		list, err := u.MetadataChanges(w.ctx, c)
		w.must(err)
		var out []string
		for _, ch := range list {
			out = append(out, ch.Mailbox+":"+strings.Join(ch.Entries, ","))
		}
		return strings.Join(out, " ")
	}
	check := func(wantAnna, wantOther, wantBen string) {
		t.Helper()
		for _, c := range []struct {
			name, got, want string
		}{{"anna", changes(anna, annas), wantAnna}, {"anna's other session", changes(again, other), wantOther}, {"ben", changes(ben, bens), wantBen}} {
			if c.got != c.want {
				t.Errorf("%s learns of %q, want %q", c.name, c.got, c.want)
			}
		}
	}
	w.must(anna.SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/shared/comment", []byte("before")}}))
	check("", "", "")
	w.must(anna.SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/shared/comment", nil}, {"/private/comment", []byte("x")}, {"/shared/vendor/x/y", []byte{}}}))
	w.must(anna.SetMetadata(w.ctx, "INBOX", []MetadataEntry{{"/shared/comment", []byte("back")}}))
	w.must(anna.SetMetadata(w.ctx, "Drafts", []MetadataEntry{{"/shared/comment", []byte("not for ben")}}))
	check("", "INBOX:/shared/comment,/shared/vendor/x/y,/private/comment Drafts:/shared/comment", "Users/anna/INBOX:/shared/comment,/shared/vendor/x/y")
	check("", "", "")
	w.must(ben.SetMetadata(w.ctx, "Users/anna/INBOX", []MetadataEntry{{"/private/comment", []byte("ben's")}}))
	w.must(w.AsAdmin(w.person("clara"), "test").SetMetadata(w.ctx, "", []MetadataEntry{{"/shared/comment", []byte("all")}}))
	check(":/shared/comment", ":/shared/comment", ":/shared/comment")
	records, err := anna.Audit(w.ctx, "Drafts", time.Time{}, 100)
	w.must(err)
	if last := records[len(records)-1]; last.Action != "annotation" || last.Actor.Name != "anna" || last.Detail != "/shared/comment" {
		t.Errorf("audit ends with %+v", last)
	}
}

func TestQuotaOf(t *testing.T) {
	w := newWorld(t)
	w.deliver("anna", "one")
	w.must(w.AsAdmin(w.person("anna"), "test").SetQuota(w.ctx, Quota{Messages: 10}))
	_, used, limit, err := w.as("anna").QuotaOf(w.ctx, directory.Person, "anna")
	w.must(err)
	if used.Messages != 1 || limit.Messages != 10 {
		t.Errorf("used %+v, limit %+v", used, limit)
	}
	refused := func(kind directory.Kind, name string) string {
		_, _, _, err := w.as("ben").QuotaOf(w.ctx, kind, name)
		kindOf(t, err, NotFound)
		return Text(err)
	}
	if a, b := refused(directory.Person, "anna"), refused(directory.Person, "nobody"); a != b {
		t.Errorf("an owner shows: %q, %q", a, b)
	}
	refused(directory.Group, "anna")
	w.grant("anna", "INBOX", "ben", "lr")
	owner, used, _, err := w.as("ben").QuotaOf(w.ctx, directory.Person, "anna")
	w.must(err)
	if owner.Name != "anna" || used.Messages != 1 {
		t.Errorf("ben sees %+v of %+v", used, owner)
	}
	// One's own needs no mailbox.
	if owner, _, _, err = w.as("ben").Quota(w.ctx, "Not/There"); err != nil || owner.Name != "ben" {
		t.Errorf("%v %v", owner, err)
	}
}
