package mail

import (
	"context"
	"hash/maphash"
	"slices"
	"sort"
	"sync/atomic"
	"unsafe"

	"poststube/uidset"
)

// A columns is what SORT and THREAD need of the messages of one mailbox, kept in
// memory and shared by all its sessions. None of it ever changes and no UID is
// given twice, so nothing has to be kept in step with the mailbox: rows are added
// when messages are asked for that have none yet, and those of messages that are
// gone are never asked for again.
type columns struct {
	// adding is taken by the one who adds rows.
	adding chan struct{}
	table  table
	texts  dictionary
	ids    map[uint64]uint32 // hash of a message id -> its number
	bytes  atomic.Int64      // memory taken, roughly
}

// A table is the rows of a moment. Those who sort hold a copy of it, while
// others append to its slices or replace them.
type table struct {
	places rows[placeRow]
	emails rows[emailRow]
	refs   []uint32 // of all emails, one after another: numbers of message ids
	rank   []uint32 // by number of a text: its place among all texts
	ids    int      // how many message ids have numbers
	texts  int      // how many texts have
}

// A placeRow is what is known of a message without its email.
type placeRow struct {
	internal int64 // seconds since 1970
	size     int64 // octets
}

// An emailRow is what is known of a message from its email.
type emailRow struct {
	sent     int64 // seconds since 1970; the internal date where there is no Date
	text     [textColumns]uint32
	id       uint32 // number of the message id, 0 if there is none
	refs     uint32 // where its references are in table.refs
	refCount uint8  // at most maxReferences
	isReply  bool   // or forward, by its subject
}

// The columns of texts.
const (
	subjectText = iota
	fromText
	toText
	ccText
	fromDisplayText
	toDisplayText
	textColumns
)

func textColumn(by SortBy) int {
	switch by {
	case ByFrom:
		return fromText
	case ByTo:
		return toText
	case ByCc:
		return ccText
	case ByDisplayFrom:
		return fromDisplayText
	case ByDisplayTo:
		return toDisplayText
	}
	return subjectText
}

// columnGroups names parts of the columns, which are filled when they are first
// asked for.
type columnGroups uint8

const (
	placeColumns columnGroups = 1 << iota
	emailColumns
	textRanks
)

func newColumns() *columns {
	return &columns{adding: make(chan struct{}, 1), ids: make(map[uint64]uint32)}
}

// read returns the table with rows for all of uids, which exist.
func (c *columns) read(ctx context.Context, m *mailbox, uids uidset.Set, want columnGroups) (table, error) {
	// Who adds rows may have to wait for a turn: none must be kept here.
	turnOf(ctx).Pause()
	select {
	case c.adding <- struct{}{}:
	case <-ctx.Done():
		return table{}, ctx.Err()
	}
	defer func() { <-c.adding }()
	if want&placeColumns != 0 {
		if err := c.addPlaces(m, c.table.places.missing(uids)); err != nil {
			return table{}, err
		}
	}
	if want&emailColumns != 0 {
		if err := c.addEmails(ctx, m, c.table.emails.missing(uids)); err != nil {
			return table{}, err
		}
	}
	if want&textRanks != 0 {
		c.table.rank = c.texts.ranks()
	}
	c.measure()
	return c.table, nil
}

func (c *columns) addPlaces(m *mailbox, uids uidset.Set) error {
	if uids.Empty() {
		return nil
	}
	add := newRows[placeRow](uids.Len())
	err := m.each(uids, 1, true, func(v *visible) (bool, error) {
		add.append(v.uid, placeRow{internal: v.rec.internal, size: v.rec.size})
		return true, nil
	})
	if err == nil {
		c.table.places.merge(add)
	}
	return err
}

func (c *columns) addEmails(ctx context.Context, m *mailbox, uids uidset.Set) error {
	if uids.Empty() {
		return nil
	}
	add := newRows[emailRow](uids.Len())
	var keys emailKeys
	err := m.eachEmail(ctx, uids, func(v *visible, e emailRecord) error {
		if err := e.keys(&keys); err != nil {
			return err
		}
		add.append(v.uid, c.emailRow(v, &keys))
		return nil
	})
	// What was read before a limit was reached is of use to the next one.
	if err == nil || KindOf(err) == Limit {
		c.table.emails.merge(add)
		c.table.ids, c.table.texts = len(c.ids), len(c.texts.texts)
	}
	return err
}

func (c *columns) emailRow(v *visible, k *emailKeys) emailRow {
	r := emailRow{sent: v.rec.internal, isReply: k.isReply, refs: uint32(len(c.table.refs)), refCount: uint8(min(len(k.references), maxReferences))}
	if !k.sent.IsZero() {
		r.sent = k.sent.Unix()
	}
	for i, text := range [textColumns][]byte{k.baseSubject, k.from, k.to, k.cc, k.fromDisplay, k.toDisplay} {
		r.text[i] = c.texts.number(text)
	}
	r.id = c.messageID(k.messageID)
	for _, ref := range k.references[:r.refCount] {
		c.table.refs = append(c.table.refs, c.messageID(ref))
	}
	return r
}

// idSeed keys the hashes of message ids, so that nobody can make two of them
// equal on purpose.
var idSeed = maphash.MakeSeed()

// messageID returns the number of a message id, from 1, or 0 for none. Ids are
// told apart by 64 bits of their hash.
func (c *columns) messageID(id []byte) uint32 {
	if len(id) == 0 {
		return 0
	}
	h := maphash.Bytes(idSeed, id)
	n, ok := c.ids[h]
	if !ok {
		n = uint32(len(c.ids) + 1)
		c.ids[h] = n
	}
	return n
}

// measure says how much memory is taken: what the slices hold, and a guess for
// the maps.
func (c *columns) measure() {
	const perID, perText = 24, 48
	t := &c.table
	c.bytes.Store(int64(cap(t.places.uids)+cap(t.emails.uids)+cap(t.refs)+cap(t.rank))*4 +
		int64(cap(t.places.rows))*int64(unsafe.Sizeof(placeRow{})) + int64(cap(t.emails.rows))*int64(unsafe.Sizeof(emailRow{})) +
		int64(len(c.ids))*perID + int64(len(c.texts.texts))*perText + c.texts.octets)
}

// rows are the rows of some messages, in the order of their UIDs.
type rows[R any] struct {
	uids []uint32
	rows []R
}

func newRows[R any](n int) rows[R] {
	return rows[R]{uids: make([]uint32, 0, n), rows: make([]R, 0, n)}
}

func (t *rows[R]) append(uid uint32, row R) {
	t.uids = append(t.uids, uid)
	t.rows = append(t.rows, row)
}

// find returns where uid is, or would be.
func (t *rows[R]) find(uid uint32) int {
	return sort.Search(len(t.uids), func(i int) bool { return t.uids[i] >= uid })
}

// holds tells whether the row at i and those behind it are of exactly the UIDs
// of a run.
func (t *rows[R]) holds(i int, run uidset.Run) bool {
	end := i + run.Len() - 1
	return end < len(t.uids) && t.uids[i] == run.First && t.uids[end] == run.Last
}

// missing returns those of uids that have no row.
func (t *rows[R]) missing(uids uidset.Set) (missing uidset.Set) {
	for _, run := range uids.Runs() {
		i := t.find(run.First)
		if t.holds(i, run) {
			continue
		}
		next := run.First
		for ; i < len(t.uids) && t.uids[i] <= run.Last; i++ {
			if t.uids[i] > next {
				missing.AddRange(next, t.uids[i]-1)
			}
			next = t.uids[i] + 1
		}
		if i == 0 || t.uids[i-1] != run.Last {
			missing.AddRange(next, run.Last)
		}
	}
	return missing
}

// merge adds rows of other messages. Copies of t that are in use stay what they
// are.
func (t *rows[R]) merge(add rows[R]) {
	if len(add.uids) == 0 {
		return
	}
	if len(t.uids) == 0 {
		*t = add
		return
	}
	if add.uids[0] > t.uids[len(t.uids)-1] {
		t.uids = append(t.uids, add.uids...)
		t.rows = append(t.rows, add.rows...)
		return
	}
	old := *t
	*t = newRows[R](len(old.uids) + len(add.uids))
	for i, uid := range add.uids {
		n := old.find(uid)
		t.uids = append(append(t.uids, old.uids[:n]...), uid)
		t.rows = append(append(t.rows, old.rows[:n]...), add.rows[i])
		old.uids, old.rows = old.uids[n:], old.rows[n:]
	}
	t.uids = append(t.uids, old.uids...)
	t.rows = append(t.rows, old.rows...)
}

// each calls f with the rows of uids, all of which have one.
func (t *rows[R]) each(uids uidset.Set, f func(uid uint32, r *R)) {
	for _, run := range uids.Runs() {
		for i := t.find(run.First); i < len(t.uids) && t.uids[i] <= run.Last; i++ {
			f(t.uids[i], &t.rows[i])
		}
	}
}

// gather appends a value of each of uids.
func gather[R any](dst []uint64, t *rows[R], uids uidset.Set, value func(*R) uint64) []uint64 {
	dst = slices.Grow(dst, uids.Len())
	t.each(uids, func(_ uint32, r *R) { dst = append(dst, value(r)) })
	return dst
}
