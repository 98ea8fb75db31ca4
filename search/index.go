package search

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unicode"

	"poststube/kv"
)

// Errors of this package.
var (
	// ErrOrder says that emails were not given in ascending order, or that
	// some are in the index already.
	ErrOrder = errors.New("search: emails are out of order")
	// ErrConflict says that another process writes the index of the same
	// owner. Nothing was changed; Indexed tells from where to go on.
	ErrConflict = errors.New("search: the index has been changed by another process")
	// ErrDamaged says that stored octets are not what this package wrote. The
	// index has to be dropped and made anew.
	ErrDamaged = errors.New("search: the stored index is damaged; drop it and index again")
)

// Options are the settings of an Index. The zero value is right for a small
// server.
type Options struct {
	// CacheSize is how many octets of what has been read for searches are kept
	// in memory; 0 means 32 MiB.
	CacheSize int
	// TextVersion stands for the way in which texts are made. An index that
	// was built under another counts as empty and is deleted at the next Add.
	TextVersion uint32
}

// An Index finds substrings in the emails of each owner. All methods may be
// called concurrently.
type Index struct {
	db    kv.DB
	form  string
	sizes sizes
	cache *cache

	mu      sync.Mutex
	writers map[uint32]*writers
}

// Open returns the index in db.
func Open(db kv.DB, o Options) *Index {
	if o.CacheSize == 0 {
		o.CacheSize = 32 << 20
	}
	return &Index{
		db: db,
		// Casemapping may change with the tables of Unicode.
		form:    fmt.Sprintf("1 %s %d", unicode.Version, o.TextVersion),
		sizes:   usualSizes,
		cache:   newCache(o.CacheSize),
		writers: map[uint32]*writers{},
	}
}

// Indexed returns the number of the last email up to which all are in the
// index. r is from the database of the index.
func (x *Index) Indexed(r kv.Reader, owner uint32) (uint64, error) {
	m, _, err := x.manifest(r, owner)
	if err != nil {
		return 0, err
	}
	return m.indexed, nil
}

// Drop deletes everything about an owner. Its emails count as not indexed.
func (x *Index) Drop(ctx context.Context, owner uint32) error {
	release, err := x.acquire(ctx, owner)
	if err != nil {
		return err
	}
	defer release()
	return x.db.Update(kv.WithReserve(ctx), []string{lockName(owner)}, func(tx kv.Tx) error {
		return tx.DeleteRange(ownerRange(owner))
	})
}

// writers counts those who write, or wait to write, the index of an owner.
type writers struct {
	n    int
	turn chan struct{} // holds a value while nobody writes
}

// acquire waits until nobody else in this process writes the owner's index.
func (x *Index) acquire(ctx context.Context, owner uint32) (release func(), err error) {
	x.mu.Lock()
	w := x.writers[owner]
	if w == nil {
		w = &writers{turn: make(chan struct{}, 1)}
		w.turn <- struct{}{}
		x.writers[owner] = w
	}
	w.n++
	x.mu.Unlock()
	leave := func() {
		x.mu.Lock()
		if w.n--; w.n == 0 {
			delete(x.writers, owner)
		}
		x.mu.Unlock()
	}
	select {
	case <-w.turn:
		return func() { w.turn <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
