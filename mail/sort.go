package mail

import (
	"context"

	"poststube/acl"
	"poststube/uidset"
)

// A SortBy is something that messages can be ordered by.
type SortBy uint8

// What RFC 5256 section 3 and RFC 5957 section 4 order messages by. Texts are
// compared as i;unicode-casemap does it, what is absent counts as empty, and the
// empty text comes first.
const (
	ByArrival     SortBy = iota // internal date
	BySize                      // octets
	ByDate                      // sent date in UTC, or the internal date where there is none
	BySubject                   // base subject
	ByFrom                      // local part of the first From address
	ByTo                        // the same of To
	ByCc                        // the same of Cc
	ByDisplayFrom               // display name of the first From address, else the address
	ByDisplayTo                 // the same of To
)

// A SortKey is one criterion of an order.
type SortKey struct {
	By      SortBy
	Reverse bool // descending
}

// Sort returns those of within that match q, ordered by the keys, the first of
// which counts most; messages that are equal in all of them stay in the order of
// their UIDs. Needs r.
//
// What messages are ordered by is read once and kept in memory for the next
// call (see columns), so that the cost is that of the search and of a few linear
// passes over its result.
func (b *Mailbox) Sort(ctx context.Context, within uidset.Set, q *Query, keys []SortKey) (sorted []uint32, err error) {
	err = b.view(ctx, "sort", acl.Read, func(m *mailbox) error {
		found, err := m.find(ctx, within, q)
		if err != nil || found.Empty() {
			return err
		}
		sorted, err = m.sorted(ctx, found, keys)
		return err
	})
	return sorted, err
}

// find returns those of within that exist and match q.
func (m *mailbox) find(ctx context.Context, within uidset.Set, q *Query) (uidset.Set, error) {
	there, err := m.existing(within)
	if err != nil {
		return there, err
	}
	s := searcher{m: m, ctx: ctx}
	return s.eval(q, there)
}

// sorted orders messages that exist.
func (m *mailbox) sorted(ctx context.Context, found uidset.Set, keys []SortKey) ([]uint32, error) {
	var want columnGroups
	for _, k := range keys {
		want |= k.By.groups()
	}
	t, err := m.t.e.columns.read(ctx, m, found, want)
	if err != nil {
		return nil, err
	}
	o := newOrdering(found)
	var values []uint64
	for i := len(keys) - 1; i >= 0; i-- {
		values = t.values(values[:0], found, keys[i].By)
		o.sort(values, keys[i].Reverse)
	}
	return o.uids(), nil
}

// groups tells in which columns the values of a criterion are.
func (by SortBy) groups() columnGroups {
	switch by {
	case ByArrival, BySize:
		return placeColumns
	case ByDate:
		return emailColumns
	}
	return emailColumns | textRanks
}

// values appends the value of each of the messages: numbers that are ordered as
// what they stand for.
func (t *table) values(dst []uint64, uids uidset.Set, by SortBy) []uint64 {
	switch by {
	case ByArrival:
		return gather(dst, &t.places, uids, func(r *placeRow) uint64 { return ordinal(r.internal) })
	case BySize:
		return gather(dst, &t.places, uids, func(r *placeRow) uint64 { return ordinal(r.size) })
	case ByDate:
		return gather(dst, &t.emails, uids, func(r *emailRow) uint64 { return ordinal(r.sent) })
	}
	at := textColumn(by)
	return gather(dst, &t.emails, uids, func(r *emailRow) uint64 { return uint64(t.rank[r.text[at]]) })
}

// ordinal maps a signed number to an unsigned one of the same order.
func ordinal(n int64) uint64 { return uint64(n) ^ 1<<63 }
