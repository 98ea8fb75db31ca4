package mail

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"poststube/directory"
	"poststube/kv"
	"poststube/message"
	"poststube/search"
	"poststube/uidset"
)

// An indexer brings the search index up to date in the background. Searches do
// not depend on it: what is not indexed yet is read.
type indexer struct {
	*search.Index
	mu      sync.Mutex
	pending map[directory.ID]waiting
	taken   map[directory.ID]waiting // those that are being indexed
	wake    chan struct{}
}

// waiting are the new emails of an owner.
type waiting struct {
	since time.Time
	count uint64
}

// indexTexts is the version of what is indexed of an email. It changes when the
// texts that package message gives do, and the index is then made anew.
const indexTexts = 1

func newIndexer(db kv.DB) indexer {
	return indexer{
		Index:   search.Open(db, search.Options{TextVersion: indexTexts}),
		pending: make(map[directory.ID]waiting),
		taken:   make(map[directory.ID]waiting),
		wake:    make(chan struct{}, 1),
	}
}

// arrived notes that an owner has so many new emails.
func (x *indexer) arrived(owner directory.ID, count uint64, now time.Time) {
	x.mu.Lock()
	w, known := x.pending[owner]
	if !known {
		w.since = now
	}
	many := w.count < indexMany && w.count+count >= indexMany
	w.count += count
	x.pending[owner] = w
	x.mu.Unlock()
	if known && !many {
		return // Index knows already when to look again
	}
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// indexDelay is how long emails wait at most, so that they are indexed in batches:
// a few of them are read as fast as they would be found. indexMany of an owner do
// not wait.
const (
	indexDelay = 30 * time.Second
	indexMany  = 500
)

// due takes out those owners whose emails have waited, and tells how long until
// the next.
func (x *indexer) due(now time.Time) (owners []directory.ID, wait time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	wait = time.Hour
	for owner, w := range x.pending {
		if left := w.since.Add(indexDelay).Sub(now); left > 0 && w.count < indexMany {
			wait = min(wait, left)
			continue
		}
		owners = append(owners, owner)
		delete(x.pending, owner)
		x.taken[owner] = w
	}
	return owners, wait
}

// many tells whether an owner that is being indexed has many new emails.
func (x *indexer) many(owner directory.ID) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.taken[owner].count >= indexMany
}

// done notes that an owner was indexed, or could not be.
func (x *indexer) done(owner directory.ID) {
	x.mu.Lock()
	delete(x.taken, owner)
	x.mu.Unlock()
}

// IndexLag tells how many owners have emails that came since the start and are
// not in the search index yet, and how long the oldest of them waits. Searches
// read those.
func (e *Engine) IndexLag() (owners int, oldest time.Duration) {
	x := &e.indexer
	now := e.now()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, w := range x.pending {
		owners++
		oldest = max(oldest, now.Sub(w.since))
	}
	for owner, w := range x.taken {
		if _, again := x.pending[owner]; !again {
			owners++
		}
		oldest = max(oldest, now.Sub(w.since))
	}
	return owners, oldest
}

// Index keeps the search index up to date until ctx ends. It begins with what an
// earlier run has left undone.
func (e *Engine) Index(ctx context.Context) error {
	if err := e.IndexAll(ctx, nil); err != nil {
		return err
	}
	timer := time.NewTimer(indexDelay)
	defer timer.Stop()
	for {
		owners, wait := e.indexer.due(e.now())
		for _, owner := range owners {
			// An account that is being filled is not slowed down by what its owner
			// will wait for at the first search.
			err := e.indexOwner(ctx, owner, e.newPace(!e.indexer.many(owner)))
			e.indexer.done(owner)
			if err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				e.log.Warn("search index is behind", "owner", owner, "err", err)
			}
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.indexer.wake:
		case <-timer.C:
		}
	}
}

// IndexAll indexes all that is not indexed. progress, if not nil, is called after
// each owner.
func (e *Engine) IndexAll(ctx context.Context, progress func(done, of int)) error {
	owners, err := e.owners(ctx)
	if err != nil {
		return e.failure(ctx, "index", err)
	}
	for i, owner := range owners {
		if err := e.indexOwner(ctx, owner, e.newPace(true)); err != nil {
			return err
		}
		if progress != nil {
			progress(i+1, len(owners))
		}
	}
	return nil
}

// Reindex makes the search index of an owner anew.
func (e *Engine) Reindex(ctx context.Context, owner directory.Principal) error {
	if err := e.indexer.Drop(ctx, uint32(owner.ID)); err != nil {
		return e.failure(ctx, "index", err)
	}
	return e.indexOwner(ctx, owner.ID, e.newPace(false))
}

// DropIndex removes the search index of an owner; searches then read messages
// until it is made anew.
func (e *Engine) DropIndex(ctx context.Context, owner directory.Principal) error {
	return e.failure(ctx, "index", e.indexer.Drop(ctx, uint32(owner.ID)))
}

// IndexState tells how far the search index of an owner is.
type IndexState struct {
	Emails   int    // in the index, removed ones included
	Waiting  uint64 // at most so many emails are not in it yet; searches read them
	Segments int
	Bytes    uint64 // stored, before the store compresses them
	Damaged  bool   // searches read messages until it is made anew
}

// IndexState returns the state of an owner's search index.
func (e *Engine) IndexState(ctx context.Context, owner directory.Principal) (s IndexState, err error) {
	u := e.AsAdmin(owner, "index")
	err = u.view(ctx, "index", func(t *txn) error {
		a, err := t.account(owner.ID)
		if err != nil {
			return err
		}
		stats, err := e.indexer.Stats(t.r, uint32(owner.ID))
		if errors.Is(err, search.ErrDamaged) {
			s.Damaged, err = true, nil
		}
		s.Emails, s.Segments, s.Bytes = stats.Emails, stats.Segments, stats.Bytes
		s.Waiting = a.rec.nextEmail - min(stats.Indexed, a.rec.nextEmail)
		return err
	})
	return s, err
}

// indexOwner indexes what an owner has that is not indexed.
func (e *Engine) indexOwner(ctx context.Context, owner directory.ID, pace *pace) error {
	u := e.AsAdmin(directory.Principal{ID: owner}, "index")
	b := search.NewBatch()
	for {
		from, last := uint64(0), uint64(0)
		err := u.view(ctx, "index", func(t *txn) error {
			a, err := t.account(owner)
			if err != nil {
				return err
			}
			last = a.rec.nextEmail
			from, err = e.indexer.Indexed(t.r, uint32(owner))
			return err
		})
		if err != nil || from >= last {
			return err
		}
		if err := pace.step(ctx); err != nil {
			return err
		}
		b.Reset()
		upTo := from
		for upTo < last && !b.Full() {
			if err := u.view(ctx, "index", func(t *txn) (err error) {
				upTo, err = t.indexSome(ctx, owner, b, upTo+1, last)
				return err
			}); err != nil {
				return err
			}
			if err := pace.step(ctx); err != nil {
				return err
			}
		}
		err = e.indexer.Add(ctx, uint32(owner), b, upTo)
		if errors.Is(err, search.ErrDamaged) {
			err = e.indexer.Drop(ctx, uint32(owner))
		}
		if err != nil {
			return e.failure(ctx, "index", err)
		}
	}
}

// indexSome puts the emails from a number on into a batch, as many as one
// snapshot should hold, and returns up to where it came.
func (t *txn) indexSome(ctx context.Context, owner directory.ID, b *search.Batch, from, last uint64) (upTo uint64, err error) {
	const some = 64
	to := min(last, from+some-1)
	var a, z keyBuf
	lo := a.start(owner, tableEmail).u64(from).b
	hi := append(z.start(owner, tableEmail).u64(to).b, 0)
	type email struct {
		number uint64
		emailRecord
	}
	var list []email
	for p := range t.r.Scan(lo, hi) {
		e, err := decodeEmail(bytes.Clone(p.Value))
		if err != nil {
			return from - 1, err
		}
		list = append(list, email{suffix64(p.Key), e})
	}
	if err := t.r.Err(); err != nil {
		return from - 1, err
	}
	for _, e := range list {
		if err := b.Email(e.number); err != nil {
			return from - 1, err
		}
		if err := t.indexEmail(ctx, b, &e.emailRecord); err != nil {
			return from - 1, err
		}
	}
	return to, ctx.Err()
}

func (t *txn) indexEmail(ctx context.Context, b *search.Batch, e *emailRecord) error {
	structure, err := e.structure()
	if err != nil {
		return err
	}
	root, err := message.ParseStructure(structure)
	if err != nil {
		b.Opaque()
		return nil
	}
	r, done, err := t.octets(ctx, e)
	if err != nil {
		return err
	}
	defer done()
	return b.Message(root, r)
}

var indexFields = map[QueryOp]search.Field{QFrom: search.From, QTo: search.To, QCc: search.Cc, QBcc: search.Bcc, QSubject: search.Subject,
	QHeader: search.Header, QBody: search.Body, QText: search.Text}

// indexed narrows a search for a text down by the index: certain are those of in
// that match, rest those that must be looked at.
func (s *searcher) indexed(q *Query, in uidset.Set) (certain, rest uidset.Set, err error) {
	field, ok := indexFields[q.Op]
	if !ok || q.Text == "" {
		return certain, in, nil
	}
	found, err := s.m.t.e.indexer.Find(s.ctx, s.m.t.r, uint32(s.m.id.Owner), field, search.NewNeedle(q.Text))
	if errors.Is(err, search.ErrDamaged) {
		s.m.t.e.log.Warn("search index is damaged: it should be made anew", "owner", s.m.id.Owner, "err", err)
		return certain, in, nil
	}
	if err != nil {
		return certain, in, err
	}
	if q.Op == QHeader { // the index knows of all headers together
		found.Possible = *found.Possible.Union(&found.Certain)
		found.Certain = search.Set{}
	}
	return s.m.placesOf(found, in)
}

// placesOf finds the messages of the emails of a search result: by the index of
// places if they are few, else by a look at the records of in.
func (m *mailbox) placesOf(found *search.Result, in uidset.Set) (certain, possible uidset.Set, err error) {
	beyond := m.a.rec.nextEmail - found.Indexed
	if hits := found.Certain.Len() + found.Possible.Len(); uint64(hits)+beyond > uint64(in.Len()/8) {
		err = m.each(in, 1, true, func(v *visible) (bool, error) {
			switch e := v.rec.email; {
			case found.Certain.Contains(e):
				certain.Add(v.uid)
			case e > found.Indexed || found.Possible.Contains(e):
				possible.Add(v.uid)
			}
			return true, nil
		})
		return certain, possible, err
	}
	var c, p []uint32
	for email := range found.Certain.All() {
		c = m.appendPlaces(c, email, email)
	}
	for email := range found.Possible.All() {
		p = m.appendPlaces(p, email, email)
	}
	if beyond > 0 {
		p = m.appendPlaces(p, found.Indexed+1, m.a.rec.nextEmail)
	}
	return uidset.Of(c...).Intersect(in), uidset.Of(p...).Intersect(in), m.t.r.Err()
}

// appendPlaces appends the UIDs in the mailbox of a range of emails.
func (m *mailbox) appendPlaces(dst []uint32, from, to uint64) []uint32 {
	var a, z keyBuf
	lo := a.start(m.id.Owner, tablePlace).u64(from).b
	hi := z.start(m.id.Owner, tablePlace).u64(to + 1).b
	for p := range m.t.r.Scan(lo, hi) {
		tail := p.Key[len(p.Key)-8:]
		if suffix32(tail[:4]) == m.id.Num {
			dst = append(dst, suffix32(tail))
		}
	}
	return dst
}
