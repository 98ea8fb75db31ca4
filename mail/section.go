package mail

import (
	"encoding/binary"

	"poststube/acl"
	"poststube/directory"
)

// The members of a group see the same of its tree. What one of them was shown is
// kept with the tree, so that a change of which a thousand members are told is
// not looked up a thousand times.

// maxSections is how many are kept of a tree: as many kinds of members there are,
// usually. They go with the tree, at its next change.
const maxSections = 4

// A section is what people see of a tree of somebody else.
type sectionKey struct {
	prefix string // of the names
	means  string // which of the tree's identifiers mean the user, see tree.means
}

// means tells which of the identifiers in the tree's entries mean a subject. Two
// who are meant by the same ones have the same rights in all of the tree.
func (t *tree) means(s acl.Subject) string {
	t.inOrder()
	b := make([]byte, 0, 16)
	for i, who := range t.whos {
		if s.Matches(who) {
			b = binary.BigEndian.AppendUint32(b, uint32(i))
		}
	}
	return string(b)
}

func (t *tree) section(k sectionKey) ([]Info, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list, ok := t.sections[k]
	return list, ok
}

// keepSection keeps list, which must not be changed.
func (t *tree) keepSection(k sectionKey, list []Info) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sections) >= maxSections {
		return
	}
	if t.sections == nil {
		t.sections = make(map[sectionKey][]Info)
	}
	t.sections[k] = list
}

// decided tells whether the user has subscribed to mailboxes of an owner, or
// unsubscribed, other than by letting things be.
func (l *lister) decided(owner directory.ID) bool {
	if l.owners == nil && len(l.subs) > 0 {
		l.owners = make(map[directory.ID]bool)
		for id := range l.subs {
			l.owners[id.Owner] = true
		}
	}
	return l.owners[owner]
}
