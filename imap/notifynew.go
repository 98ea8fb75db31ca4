package imap

import (
	"poststube/uidset"
)

// reportNew tells of messages that others have put into the selected mailbox what
// the client wants to know of new ones: by NOTIFY (RFC 5465 section 5.2), and of
// those that a search finds by UPDATE (section 7). Each message has one line, with
// everything that is wanted of it. It comes before the ESEARCH of the search, as
// section 7 has it; section 5.2 has the opposite order.
func (s *session) reportNew(arrived uidset.Set, how syncing) error {
	if arrived.Empty() || s.notify == nil && len(s.box.contexts) == 0 {
		return nil
	}
	if s.isSelected(how.mine.in) {
		arrived = arrived.Subtract(how.mine.uids)
	}
	wishes := []wish{{arrived, nil}}
	if s.notify != nil && s.notify.fetch != nil {
		wishes[0].items = s.notify.fetch
	}
	for _, c := range s.box.contexts {
		if c.fetch == nil {
			continue
		}
		hit, err := s.box.mailbox.Search(s.ctx, arrived, c.query, false)
		if err != nil {
			return err
		}
		wishes = split(wishes, hit.UIDs, c.fetch)
	}
	for _, w := range wishes {
		if w.items == nil || w.uids.Empty() {
			continue
		}
		if _, err := s.fetch(w.items, w.uids, uidset.Set{}); err != nil {
			return err
		}
	}
	return nil
}

// A wish is what is wanted of some messages; items is nil for nothing.
type wish struct {
	uids  uidset.Set
	items *fetchRequest
}

// split adds items to the wishes about some messages.
func split(wishes []wish, some uidset.Set, items *fetchRequest) (out []wish) {
	for _, w := range wishes {
		out = append(out, wish{w.uids.Subtract(some), w.items}, wish{w.uids.Intersect(some), join(w.items, items)})
	}
	return out
}

// join returns a request for what a and b ask for, each item once.
func join(a, b *fetchRequest) *fetchRequest {
	if a == nil {
		return b
	}
	both := &fetchRequest{numbers: a.numbers, fields: a.fields | b.fields}
	both.parts = append(both.parts, a.parts...)
	for _, part := range b.parts {
		if !both.has(part.name) {
			both.parts = append(both.parts, part)
		}
	}
	return both
}
