package mail

import (
	"fmt"
	"testing"

	"poststube/acl"
)

// TestSections: who is meant by the same entries is shown the same, from what was
// kept; who has entries of his own, or has unsubscribed, is shown his.
func TestSections(t *testing.T) {
	w := newWorld(t)
	ids := w.people(4)
	w.group("team", ids...)
	admin := w.AsAdmin(w.person("team"), "test")
	for _, name := range []string{"A", "A/1", "A/2", "B"} {
		_, err := admin.Create(w.ctx, name, nil)
		w.must(err)
	}
	set := func(name, who, rights string) {
		t.Helper()
		id, err := acl.ParseIdentifier(who)
		w.must(err)
		mod, err := acl.ParseModification(rights, acl.Supported)
		w.must(err)
		w.must(admin.SetACL(w.ctx, name, id, mod))
	}
	set("A", "group:team", "lr")
	set("A/2", "-member2", "l")
	w.must(w.as("member3").Unsubscribe(w.ctx, "Shared/team/A/1"))
	show := func(user string) (s string) {
		list, err := w.as(user).Mailboxes(w.ctx)
		w.must(err)
		for _, i := range list {
			if i.Namespace == Shared {
				s += fmt.Sprintf("%s %s %v %v\n", i.Name, i.Rights.Letters(), i.Subscribed, i.HasChildren)
			}
		}
		return s
	}
	sections := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.trees[w.person("team").ID].sections)
	}
	all := "Shared  false true\nShared/team  false true\nShared/team/A lr true true\nShared/team/A/1 lr true false\nShared/team/A/2 lr true false\n"
	for i, want := range []string{
		all, all,
		"Shared  false true\nShared/team  false true\nShared/team/A lr true true\nShared/team/A/1 lr true false\n",
		"Shared  false true\nShared/team  false true\nShared/team/A lr true true\nShared/team/A/1 lr false false\nShared/team/A/2 lr true false\n",
	} {
		if got := show(fmt.Sprintf("member%d", i)); got != want {
			t.Errorf("member%d sees\n%swant\n%s", i, got, want)
		}
	}
	if n := sections(); n != 2 {
		t.Errorf("%d sections are kept, want those of members 0 and 2", n)
	}
	set("A", "group:team", "lrs")
	if got := show("member1"); got == all {
		t.Error("what was kept outlives a change")
	}
}
