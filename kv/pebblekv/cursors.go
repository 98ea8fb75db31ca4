package pebblekv

import (
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"
)

// cursors are the iterators of one transaction over one state of the data. The
// first one fixes the state, all others are its clones: so an iterator is all
// that a View needs for a snapshot. That costs a third of what a Pebble snapshot
// does, which takes the lock of the database and looks for compactions at its
// end; and a seek on a kept iterator costs two thirds of a Get.
type cursors struct {
	// state counts the states; 0 means that none is open.
	state int
	first *pebble.Iterator
	// all are the iterators to be closed in the end, idle those without a user.
	all  []*pebble.Iterator
	idle []cursor
}

type cursor struct {
	*pebble.Iterator
	state   int
	bounded bool
}

var errNoState = errors.New("no iterator could be opened before")

// open moves to the state that src has now. Iterators that somebody uses stay
// on theirs, and so does what they show.
func (c *cursors) open(src pebble.Reader) error {
	for _, cur := range c.idle {
		c.drop(cur)
	}
	c.idle = c.idle[:0]
	c.first = nil
	c.state++
	it, err := src.NewIter(nil)
	if err != nil {
		return err
	}
	c.first = it
	c.all = append(c.all, it)
	c.idle = append(c.idle, cursor{Iterator: it, state: c.state})
	return nil
}

// take returns an iterator over all keys.
func (c *cursors) take() (cursor, error) {
	cur, err := c.pop()
	if err == nil && cur.bounded {
		cur.SetBounds(nil, nil)
		cur.bounded = false
	}
	return cur, err
}

// takeRange returns an iterator over lo <= key < hi; a nil bound is open.
func (c *cursors) takeRange(lo, hi []byte) (cursor, error) {
	if len(lo) == 0 {
		lo = nil // Pebble's own checks do not expect an empty key
	}
	cur, err := c.pop()
	if err == nil {
		cur.SetBounds(lo, hi)
		cur.bounded = true
	}
	return cur, err
}

func (c *cursors) pop() (cursor, error) {
	if n := len(c.idle); n > 0 {
		cur := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return cur, nil
	}
	if c.first == nil {
		return cursor{}, errNoState
	}
	it, err := c.first.Clone(pebble.CloneOptions{})
	if err != nil {
		return cursor{}, err
	}
	c.all = append(c.all, it)
	// The clone has the bounds that the first one happens to have.
	return cursor{Iterator: it, state: c.state, bounded: true}, nil
}

// give returns an iterator for the next use. One that is not given back stays
// where it is, and what it shows stays valid, until close.
func (c *cursors) give(cur cursor) {
	if cur.state != c.state {
		c.drop(cur)
		return
	}
	c.idle = append(c.idle, cur)
}

// drop closes one iterator. Its errors were seen when its iteration ended.
func (c *cursors) drop(cur cursor) {
	_ = cur.Close()
	i := slices.Index(c.all, cur.Iterator)
	c.all = slices.Delete(c.all, i, i+1)
}

// close closes all iterators.
func (c *cursors) close() {
	for _, it := range c.all {
		_ = it.Close()
	}
	clear(c.all)
	clear(c.idle)
	*c = cursors{all: c.all[:0], idle: c.idle[:0]}
}
