// Package view is what one client believes about its selected mailbox: which
// message has which number. Sequence numbers exist here and nowhere else.
//
// A View changes only when the client is told so: by Append, which EXISTS
// announces, and by Expunge, whose result are the numbers for EXPUNGE. Between
// the two every sequence number that the client sends means what the client
// thinks it means, whatever others do to the mailbox at the same time.
//
// The UIDs are kept as runs, in chunks that know how many messages lie before
// them. A mailbox without gaps is one run, however large it is; one of which
// every other message at random is gone takes about five octets a message.
package view

import (
	"iter"
	"sort"

	"poststube/uidset"
)

// A View maps sequence numbers to UIDs and back. The zero value is the view of
// an empty mailbox. A View must not be copied once it is in use, and it is for
// one goroutine.
//
// Lookups cost O(log n) and don't allocate. Append costs O(1) a run. Expunge
// costs O(log n) a run plus one step for each chunk behind it.
type View struct {
	chunks []chunk
	top    uint32     // the largest UID that was ever in the view
	saved  uidset.Set // "$"; always a subset of the view
}

// maxRuns is how many runs a chunk holds. At a million messages with the worst
// gaps there are some thousand chunks of two kilobytes: both the steps within a
// chunk and those over all chunks stay in the order of a microsecond.
const maxRuns = 256

// A chunk is some runs that follow each other. It has at least one.
type chunk struct {
	first  uint32 // UID of its first message
	before uint32 // messages of the view in front of it
	n      uint32 // messages in it
	runs   []run
}

// A run is messages whose UIDs have no gaps. It ends where the next one of its
// chunk begins to count. Two runs never touch, not even across chunks.
type run struct {
	first  uint32 // UID of its first message
	before uint32 // messages of the chunk in front of it
}

// New returns the view of a client that was just told of the messages uids, as
// SELECT does.
func New(uids uidset.Set) View {
	var v View
	v.build(uids)
	return v
}

// build makes uids the messages of the view.
func (v *View) build(uids uidset.Set) {
	runs := uids.Runs()
	v.chunks = make([]chunk, 0, (len(runs)+maxRuns-1)/maxRuns)
	v.top = max(v.top, uids.Max())
	before := uint32(0)
	for len(runs) > 0 {
		k := min(len(runs), maxRuns)
		c := chunk{first: runs[0].First, before: before, runs: make([]run, k)}
		for i, r := range runs[:k] {
			c.runs[i] = run{r.First, c.n}
			c.n += uint32(r.Len())
		}
		v.chunks = append(v.chunks, c)
		before += c.n
		runs = runs[k:]
	}
}

// Len returns the number of messages, which is also the largest sequence
// number.
func (v *View) Len() int {
	if len(v.chunks) == 0 {
		return 0
	}
	c := &v.chunks[len(v.chunks)-1]
	return int(c.before + c.n)
}

// MaxUID returns the UID of the last message, or 0 if there is none.
func (v *View) MaxUID() uint32 {
	if len(v.chunks) == 0 {
		return 0
	}
	c := &v.chunks[len(v.chunks)-1]
	return c.last(len(c.runs) - 1)
}

// end returns how many messages of the chunk lie before the end of run i.
func (c *chunk) end(i int) uint32 {
	if i+1 < len(c.runs) {
		return c.runs[i+1].before
	}
	return c.n
}

// last returns the UID of the last message of run i.
func (c *chunk) last(i int) uint32 {
	return c.runs[i].first + (c.end(i) - c.runs[i].before) - 1
}

// find returns the place of the last run that begins at or before uid, or -1
// for both if there is none.
func (v *View) find(uid uint32) (ci, ri int) {
	ci = sort.Search(len(v.chunks), func(i int) bool { return v.chunks[i].first > uid }) - 1
	if ci < 0 {
		return -1, -1
	}
	runs := v.chunks[ci].runs
	return ci, sort.Search(len(runs), func(i int) bool { return runs[i].first > uid }) - 1
}

// UID returns the UID of the message with a sequence number. It reports false
// if seq is 0 or greater than Len.
func (v *View) UID(seq uint32) (uid uint32, ok bool) {
	if seq == 0 || int64(seq) > int64(v.Len()) {
		return 0, false
	}
	ci, ri := v.at(seq)
	c := &v.chunks[ci]
	return c.runs[ri].first + (seq - c.before - c.runs[ri].before) - 1, true
}

// at returns the place of the run that holds the message seq, which exists.
func (v *View) at(seq uint32) (ci, ri int) {
	ci = sort.Search(len(v.chunks), func(i int) bool { return v.chunks[i].before >= seq }) - 1
	c := &v.chunks[ci]
	in := seq - c.before
	return ci, sort.Search(len(c.runs), func(i int) bool { return c.runs[i].before >= in }) - 1
}

// Seq returns the sequence number of the message with a UID. It reports false
// if the client knows no such message.
func (v *View) Seq(uid uint32) (seq uint32, ok bool) {
	ci, ri := v.find(uid)
	if ci < 0 {
		return 0, false
	}
	c := &v.chunks[ci]
	r := c.runs[ri]
	in := uid - r.first
	if in >= c.end(ri)-r.before {
		return 0, false
	}
	return c.before + r.before + in + 1, true
}

// rank returns how many messages have a UID of uid or less.
func (v *View) rank(uid uint32) uint32 {
	ci, ri := v.find(uid)
	if ci < 0 {
		return 0
	}
	c := &v.chunks[ci]
	r := c.runs[ri]
	return c.before + r.before + min(uid-r.first, c.end(ri)-r.before-1) + 1
}

// Count returns how many messages have UIDs from first to last.
func (v *View) Count(first, last uint32) int {
	if first > last {
		return 0
	}
	n := v.rank(last)
	if first > 0 {
		n -= v.rank(first - 1)
	}
	return int(n)
}

// runsFrom yields the runs from a place on, as UIDs.
func (v *View) runsFrom(ci, ri int) iter.Seq[uidset.Run] {
	return func(yield func(uidset.Run) bool) {
		for ; ci < len(v.chunks); ci, ri = ci+1, 0 {
			c := &v.chunks[ci]
			for ; ri < len(c.runs); ri++ {
				if !yield(uidset.Run{First: c.runs[ri].first, Last: c.last(ri)}) {
					return
				}
			}
		}
	}
}

// All returns the UIDs of all messages. It costs a step for each run; Known and
// Count are cheaper where they do.
func (v *View) All() uidset.Set {
	var all uidset.Set
	for r := range v.runsFrom(0, 0) {
		all.AddRange(r.First, r.Last)
	}
	return all
}

// Known returns the UIDs of uids that the client knows.
func (v *View) Known(uids uidset.Set) uidset.Set {
	var known uidset.Set
	for _, want := range uids.Runs() {
		ci, ri := v.find(want.First)
		for r := range v.runsFrom(max(ci, 0), max(ri, 0)) {
			if r.First > want.Last {
				break
			}
			known.AddRange(max(r.First, want.First), min(r.Last, want.Last))
		}
	}
	return known
}

// Seqs returns the sequence numbers of those of uids that the client knows.
func (v *View) Seqs(uids uidset.Set) uidset.Set {
	var seqs uidset.Set
	for _, r := range uids.Runs() {
		// Messages that follow each other have numbers that do, gaps or not.
		seqs.AddRange(v.rank(r.First-1)+1, v.rank(r.Last))
	}
	return seqs
}
