package mail

import (
	"fmt"
	"strings"
	"testing"
)

// all shows the names that a user sees, mere names with an exclamation mark.
func (w *world) all(user string) string {
	w.t.Helper()
	list, err := w.as(user).Mailboxes(w.ctx)
	w.must(err)
	var out []string
	for _, i := range list {
		name := i.Name
		if i.NonExistent {
			name += "!"
		}
		if i.HasChildren {
			name += "+"
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

func TestMountsWithinMounts(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"P/a/b", "P/a-c", "Q"} {
		_, err := w.as("anna").Create(w.ctx, name, nil)
		w.must(err)
	}
	w.grant("anna", "P", "ben", "lr")
	w.grant("anna", "Q", "ben", "lr")
	ben := w.as("ben")
	w.must(ben.Mount(w.ctx, "Users/anna/P", "M"))
	// Of several mounts the nearest one counts, also named through another.
	w.must(ben.Mount(w.ctx, "M/a", "Deep/a"))
	const own = "INBOX Archive Deep+ Deep/a+ Deep/a/b Drafts Junk M+ M/a-c Sent Trash"
	if got, want := w.all("ben"), own+" Users!+ Users/anna!+ Users/anna/Q"; got != want {
		t.Errorf("ben sees\n%s, want\n%s", got, want)
	}
	w.must(ben.Mount(w.ctx, "Users/anna/Q", "INBOX/Q"))
	if got, want := w.all("ben"), strings.Replace(own, "INBOX", "INBOX+ INBOX/Q", 1); got != want {
		t.Errorf("ben sees\n%s, want\n%s", got, want)
	}
	// What was read from the store is the same as what was in memory.
	before := w.all("ben")
	w.forget()
	if got := w.all("ben"); got != before {
		t.Errorf("read again, ben sees\n%s, not\n%s", got, before)
	}
	for _, name := range []string{"M/a/b", "Deep/a/b", "Users/anna/P/a/b"} {
		if got := w.open("ben", name).Name(); got != "Deep/a/b" {
			t.Errorf("%s opened is called %s", name, got)
		}
	}
	kindOf(t, ben.Mount(w.ctx, "Users/anna/Q", "M/inside"), Exists)
	kindOf(t, ben.Delete(w.ctx, "Deep"), HasChildren)
}

// That a user has no mounts is remembered, until there is one.
func TestFirstMountIsSeen(t *testing.T) {
	w := newWorld(t)
	_, err := w.as("anna").Create(w.ctx, "P", nil)
	w.must(err)
	w.grant("anna", "P", "ben", "lr")
	name := func() string { return w.open("ben", "Users/anna/P").Name() }
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return nil }, "Users/anna/P"},
		{func() error { return nil }, "Users/anna/P"},
		{func() error { return w.as("ben").Mount(w.ctx, "Users/anna/P", "M") }, "M"},
		{func() error { return w.as("ben").Rename(w.ctx, "M", "N") }, "N"},
		{func() error { return w.as("ben").Delete(w.ctx, "N") }, "Users/anna/P"},
		{func() error { return w.as("ben").Mount(w.ctx, "Users/anna/P", "O") }, "O"},
	} {
		w.must(step.do())
		if got := name(); got != step.want {
			t.Fatalf("the mailbox is called %s, want %s", got, step.want)
		}
		if got := name(); got != step.want {
			t.Fatalf("the second time the mailbox is called %s, want %s", got, step.want)
		}
	}
}

func TestMountOfWhatIsGone(t *testing.T) {
	w := newWorld(t)
	_, err := w.as("anna").Create(w.ctx, "P", nil)
	w.must(err)
	w.grant("anna", "P", "ben", "lrik")
	ben := w.as("ben")
	w.must(ben.Mount(w.ctx, "Users/anna/P", "M"))
	w.must(w.as("anna").Rename(w.ctx, "P", "Other"))
	if got := w.open("ben", "M").ID(); got != w.open("anna", "Other").ID() {
		t.Error("the mount did not follow its mailbox")
	}
	w.must(w.as("anna").Delete(w.ctx, "Other"))
	_, err = w.as("anna").Create(w.ctx, "Other", nil)
	w.must(err)
	_, err = ben.Open(w.ctx, "M")
	kindOf(t, err, NotFound)
	_, err = ben.Create(w.ctx, "M/beneath", nil)
	kindOf(t, err, NotFound)
	mounts, err := ben.Mounts(w.ctx)
	w.must(err)
	if len(mounts) != 1 || mounts[0] != (Mount{Name: "M"}) {
		t.Errorf("mounts %v", mounts)
	}
	w.must(w.as("ben").Rename(w.ctx, "M", "N"))
	w.must(w.as("ben").Delete(w.ctx, "N"))
	kindOf(t, ben.Unmount(w.ctx, "N"), NotFound)
	for p, err := range w.Check(w.ctx, CheckOptions{}) {
		t.Errorf("check: %v %v", p, err)
	}
}

func TestMountLimit(t *testing.T) {
	w := newWorld(t)
	for i := range maxMounts + 1 {
		_, err := w.as("anna").Create(w.ctx, fmt.Sprint("P/", i), nil)
		w.must(err)
	}
	w.grant("anna", "P", "ben", "l")
	ben := w.as("ben")
	for i := range maxMounts {
		w.must(ben.Mount(w.ctx, fmt.Sprint("Users/anna/P/", i), fmt.Sprint("M/", i)))
	}
	last := fmt.Sprint("Users/anna/P/", maxMounts)
	kindOf(t, ben.Mount(w.ctx, last, "M/last"), Limit)
	w.must(ben.Mount(w.ctx, "Users/anna/P/0", "M/moved")) // which makes no more of them
	w.must(ben.Delete(w.ctx, "M/moved"))
	w.must(ben.Mount(w.ctx, last, "M/last"))
}
