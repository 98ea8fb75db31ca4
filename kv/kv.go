// Package kv is the waist between poststube and its storage: an ordered map of
// byte strings with declared locks and atomic, durable updates. Keys have at
// least one octet; values may be empty. Keys are ordered as bytes.Compare has it.
//
// A back end is right when it passes package storetest. Nothing above this
// package knows which back end is in use.
package kv

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// ErrNotFound is what Get returns for a key that is not in the map.
var ErrNotFound = errors.New("kv: key not found")

// ErrClosed is what a closed DB answers to every call.
var ErrClosed = errors.New("kv: database is closed")

// ErrFull is returned by Update when the store refuses to grow because the
// space that is left is kept as a reserve. Nothing was changed. Updates made
// under a context from WithReserve may still succeed.
var ErrFull = errors.New("kv: no space left")

// ErrFailed is what every call answers after a write or a sync of the store has
// failed: nobody knows any more what is durable. An Update that returns it may or
// may not have taken place; all others that returned nil have. Only opening the
// store again helps.
var ErrFailed = errors.New("kv: the store has failed and must be opened again")

// ErrDamaged is what reading answers for a value that is not what was stored. A
// *DamageError says which.
var ErrDamaged = errors.New("kv: a stored value is damaged")

// A DamageError is a value that does not match its checksum.
type DamageError struct {
	Key    []byte
	Stored []byte // what lies there, with what is left of the checksum
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%v: %d octets under the key %x", ErrDamaged, len(e.Stored), e.Key)
}

func (e *DamageError) Unwrap() error { return ErrDamaged }

// A Pair is one key with its value. Both slices belong to the store: they are
// valid until the iteration goes on and must not be modified.
type Pair struct {
	Key, Value []byte
}

// A Reader reads one consistent snapshot.
type Reader interface {
	// Get returns the value of key, or ErrNotFound. The slice is valid until
	// the function that was given the Reader returns; it must not be modified.
	Get(key []byte) ([]byte, error)

	// GetMany yields, for ascending keys, the index of each key that exists
	// and its value, in order. Absent keys are left out. The value is valid
	// until the iteration goes on. Over a network this is one round trip, so
	// it is preferred to a loop of Get. An error, such as keys that do not
	// ascend, ends the iteration and is reported by Err.
	GetMany(keys [][]byte) iter.Seq2[int, []byte]

	// Scan yields the pairs with lo <= key < hi in ascending order. A nil hi
	// means: to the end. An error ends the iteration and is reported by Err.
	Scan(lo, hi []byte) iter.Seq[Pair]

	// ScanDown is Scan in descending order.
	ScanDown(lo, hi []byte) iter.Seq[Pair]

	// Err returns the first error that ended an iteration of this Reader, or
	// nil. View and Update check it after fn returned nil, so that a cut scan
	// is never taken for a complete one; fn must look at it only before it
	// makes a decision that cannot be undone.
	Err() error
}

// A Tx reads its own writes on top of the newest committed state of the keys
// that its locks cover.
type Tx interface {
	Reader
	// Set keeps no reference to key and value. An empty key is an error.
	Set(key, value []byte) error
	Delete(key []byte) error
	// DeleteRange deletes all keys with lo <= key < hi. hi must not be nil.
	DeleteRange(lo, hi []byte) error
}

// DB is an ordered map with atomic, durable updates.
type DB interface {
	// View calls fn with a snapshot. fn must not wait for a client or for
	// another transaction. View returns only when everything that the
	// snapshot showed is durable, so what was read may be told to a client:
	// no crash can take it back.
	View(ctx context.Context, fn func(Reader) error) error

	// Update calls fn once, while it holds the named locks, and commits what
	// it wrote all at once if fn returns nil; nothing is changed otherwise.
	// It returns when the commit is durable. Updates that share a lock name
	// are strictly ordered; a key that two updates may write must be covered
	// by a lock that both name. Names are sorted before they are taken, so
	// updates cannot deadlock. A lock is released once the commit is visible
	// to later transactions, before it is durable, so that commits to one
	// owner share a sync.
	//
	// A back end may have to call fn again after a conflict, so fn must not
	// have effects beside tx.
	Update(ctx context.Context, locks []string, fn func(Tx) error) error

	// Close waits for running transactions and closes the store.
	Close() error
}

type reserveKey struct{}

// WithReserve marks a context whose updates may use the space kept in reserve:
// for those that free space in the end, as EXPUNGE does, and for flags.
func WithReserve(ctx context.Context) context.Context {
	return context.WithValue(ctx, reserveKey{}, true)
}

// MayUseReserve tells whether ctx comes from WithReserve.
func MayUseReserve(ctx context.Context) bool {
	use, _ := ctx.Value(reserveKey{}).(bool)
	return use
}
