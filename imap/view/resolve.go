package view

import "poststube/uidset"

// Resolve returns the UIDs of the messages with the sequence numbers n. "*" is
// the last message. ok is false if there is no message for some number, which
// the server should answer with BAD (RFC 9051 section 9, seq-number); "*" in an
// empty mailbox is such a number.
func (v *View) Resolve(n uidset.NumSet) (uids uidset.Set, ok bool) {
	if n.Saved {
		return v.Saved(), true
	}
	length := uint32(v.Len())
	if length == 0 {
		return uidset.Set{}, len(n.Ranges) == 0
	}
	seqs := n.Resolve(length)
	ok = seqs.Max() <= length
	for _, want := range seqs.Runs() {
		if want.First > length {
			break
		}
		v.addUIDs(&uids, want.First, min(want.Last, length))
	}
	return uids, ok
}

// addUIDs adds the UIDs of the messages first to last, which exist, to uids.
func (v *View) addUIDs(uids *uidset.Set, first, last uint32) {
	ci, ri := v.at(first)
	from, _ := v.UID(first)
	to, _ := v.UID(last)
	for r := range v.runsFrom(ci, ri) {
		if r.First > to {
			return
		}
		uids.AddRange(max(r.First, from), min(r.Last, to))
	}
}

// ResolveUIDs returns those UIDs of n whose messages the client knows. "*" is
// the UID of the last message; a UID without a message is no error (RFC 9051
// section 6.4.9).
func (v *View) ResolveUIDs(n uidset.NumSet) uidset.Set {
	if n.Saved {
		return v.Saved()
	}
	return v.Known(n.Resolve(v.MaxUID()))
}

// Save makes uids, as far as the client knows them, what "$" stands for: the
// result of SEARCH RETURN (SAVE), RFC 5182. It is empty in the beginning.
func (v *View) Save(uids uidset.Set) { v.saved = v.Known(uids) }

// Saved returns what "$" stands for. Messages that were expunged since are not
// in it (RFC 5182 section 2.1).
func (v *View) Saved() uidset.Set { return v.saved.Clone() }
