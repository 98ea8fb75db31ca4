package mail

import (
	"context"
	"sync"
	"time"

	"poststube/uidset"
)

// Bounds of what is kept for SORT and THREAD. A message takes 100 to 150 octets,
// so that about two million of them have room.
const (
	maxColumnBytes = 256 << 20
	columnIdleTime = 10 * time.Minute
)

// A columnCache keeps the columns of the mailboxes that were sorted last. The
// zero value is ready for use.
type columnCache struct {
	mu    sync.Mutex
	boxes map[MailboxID]*columnUse
	bytes int64
	timer *time.Timer // runs while there is something to forget
}

type columnUse struct {
	columns *columns
	bytes   int64 // as counted in columnCache.bytes
	last    time.Time
}

// read returns a table with rows for all of uids, which are messages of m.
func (cc *columnCache) read(ctx context.Context, m *mailbox, uids uidset.Set, want columnGroups) (table, error) {
	c := cc.of(m.id)
	t, err := c.read(ctx, m, uids, want)
	// Rows of messages that are gone are dropped by starting anew, once there
	// are more of them than others.
	stale := len(t.places.uids) > 2*int(m.c.exists)+1024 || len(t.emails.uids) > 2*int(m.c.exists)+1024
	cc.settle(m.id, c, stale)
	return t, err
}

// of returns the columns of a mailbox.
func (cc *columnCache) of(id MailboxID) *columns {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	use := cc.boxes[id]
	if use == nil {
		use = &columnUse{columns: newColumns()}
		if cc.boxes == nil {
			cc.boxes = make(map[MailboxID]*columnUse)
		}
		cc.boxes[id] = use
	}
	use.last = time.Now()
	if cc.timer == nil {
		cc.timer = time.AfterFunc(columnIdleTime, cc.expire)
	}
	return use.columns
}

// settle counts the memory of columns that were read, and makes room.
func (cc *columnCache) settle(id MailboxID, c *columns, drop bool) {
	bytes := c.bytes.Load()
	cc.mu.Lock()
	defer cc.mu.Unlock()
	use := cc.boxes[id]
	if use == nil || use.columns != c {
		return // forgotten meanwhile
	}
	cc.bytes += bytes - use.bytes
	use.bytes = bytes
	if drop {
		cc.forget(id)
	}
	for cc.bytes > maxColumnBytes {
		cc.forget(cc.oldest())
	}
}

// oldest returns the mailbox that was sorted longest ago.
func (cc *columnCache) oldest() (id MailboxID) {
	var last time.Time
	for box, use := range cc.boxes {
		if last.IsZero() || use.last.Before(last) {
			id, last = box, use.last
		}
	}
	return id
}

func (cc *columnCache) forget(id MailboxID) {
	cc.bytes -= cc.boxes[id].bytes
	delete(cc.boxes, id)
}

// expire forgets what was not used for a while.
func (cc *columnCache) expire() {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	next := columnIdleTime
	for id, use := range cc.boxes {
		idle := time.Since(use.last)
		if idle >= columnIdleTime {
			cc.forget(id)
			continue
		}
		next = min(next, columnIdleTime-idle)
	}
	if len(cc.boxes) == 0 {
		cc.timer = nil
		return
	}
	cc.timer.Reset(next)
}

// clear forgets everything.
func (cc *columnCache) clear() {
	cc.mu.Lock()
	defer cc.mu.Unlock()
	clear(cc.boxes)
	cc.bytes = 0
	if cc.timer != nil {
		cc.timer.Stop()
		cc.timer = nil
	}
}
