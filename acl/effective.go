package acl

import "slices"

// A Subject is a person who wants to do something in a mailbox.
type Subject struct {
	User          uint32   // the directory's id of the person, 0 if anonymous
	Groups        []uint32 // of all groups the person is in, also through others; ascending
	IsOwner       bool     // of the mailbox in question
	Authenticated bool     // logged in, and not anonymously
}

// OwnerAlways is what the owner of a mailbox may do whatever the list says, so
// that nobody is locked out of what they own.
const OwnerAlways = Lookup | Admin

// Matches reports whether entries for w, negative or not, are about s.
func (s Subject) Matches(w Who) bool {
	switch w.Kind {
	case User:
		return s.User != 0 && s.User == w.ID
	case Group:
		_, found := slices.BinarySearch(s.Groups, w.ID)
		return found
	case Owner:
		return s.IsOwner
	case Authenticated:
		return s.Authenticated
	case Anonymous:
		return !s.Authenticated
	case Anyone:
		return true
	}
	return false
}

// Effective returns what s may do under the list: the union of all entries that
// match, without the union of all negative ones that match (RFC 4314 section 2
// leaves the rule to us). A right that is taken is gone, however many entries
// grant it and however special they are; only OwnerAlways can't be taken.
func (l List) Effective(s Subject) Rights {
	var granted, taken Rights
	for i := range l {
		e := &l[i]
		switch {
		case e.Who.Kind == User && e.Who.ID != s.User: // most of a long list, so at once
		case !s.Matches(e.Who):
		case e.Who.Negative:
			taken |= e.Rights
		default:
			granted |= e.Rights
		}
	}
	r := granted &^ taken
	if s.IsOwner {
		r |= OwnerAlways
	}
	return r
}
