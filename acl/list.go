package acl

import (
	"cmp"
	"errors"
	"slices"
)

// An Entry is one pair of an access control list.
type Entry struct {
	Who    Who
	Rights Rights
}

// A List is the access control list of one mailbox: its entries in the order of
// their Who, with no Who twice. The zero value is the empty list. An entry
// without rights is not the same as none: it hides what the mailbox inherits
// for that identifier.
//
// Set and Delete return a changed list and leave the old one as it is, so lists
// may be shared and kept in caches.
type List []Entry

// MaxEntries is how many entries a list may have.
const MaxEntries = 1000

// ErrTooManyEntries is what Set answers when a list has MaxEntries already.
var ErrTooManyEntries = errors.New("the access control list is full")

// compare orders people before groups before the special identifiers, and each
// before its negative.
func compare(a, b Who) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.ID, b.ID),
		compareBool(a.Negative, b.Negative),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (l List) find(w Who) (int, bool) {
	return slices.BinarySearchFunc(l, w, func(e Entry, w Who) int { return compare(e.Who, w) })
}

// Get returns the rights of the entry for w, and whether there is one.
func (l List) Get(w Who) (Rights, bool) {
	if i, ok := l.find(w); ok {
		return l[i].Rights, true
	}
	return None, false
}

// Set returns the list with the entry for w replaced or added. The error is
// ErrTooManyEntries. For the "+" and "-" of SETACL see Modification.Apply: it
// wants the rights that GETACL shows, that is with what is inherited.
func (l List) Set(w Who, r Rights) (List, error) {
	i, ok := l.find(w)
	if ok {
		l = slices.Clone(l)
		l[i].Rights = r
		return l, nil
	}
	if len(l) >= MaxEntries {
		return nil, ErrTooManyEntries
	}
	out := make(List, 0, len(l)+1)
	out = append(out, l[:i]...)
	out = append(out, Entry{w, r})
	return append(out, l[i:]...), nil
}

// Delete returns the list without the entry for w, and whether there was one.
func (l List) Delete(w Who) (List, bool) {
	i, ok := l.find(w)
	if !ok {
		return l, false
	}
	out := make(List, 0, len(l)-1)
	out = append(out, l[:i]...)
	return append(out, l[i+1:]...), true
}

// Inherit returns the list that holds for a mailbox with the entries own
// beneath one for which the list parent holds: an entry of own hides that of
// parent for the same identifier, all others shine through. "anna" and "-anna"
// are two identifiers, each inherited by itself.
//
// Where own is empty, parent itself is returned: a tree of mailboxes without
// entries of their own shares one list.
func Inherit(parent, own List) List {
	if len(own) == 0 {
		return parent
	}
	if len(parent) == 0 {
		return own
	}
	out := make(List, 0, len(parent)+len(own))
	for len(parent) > 0 && len(own) > 0 {
		switch c := compare(parent[0].Who, own[0].Who); {
		case c < 0:
			out, parent = append(out, parent[0]), parent[1:]
		case c > 0:
			out, own = append(out, own[0]), own[1:]
		default:
			out, parent, own = append(out, own[0]), parent[1:], own[1:]
		}
	}
	out = append(out, parent...)
	return append(out, own...)
}

// Default returns the list above every tree of mailboxes: the owner may do
// everything, nobody else anything.
func Default() List { return List{{Who{Kind: Owner}, Full}} }
