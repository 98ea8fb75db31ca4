// Package blob is the waist for message bodies that are too large to ride in
// the commit that mentions them: write-once objects, durable before anything
// refers to them.
//
// A back end is right when it passes package storetest.
package blob

import (
	"context"
	"errors"
	"io"
	"iter"
)

// An ID names one object of a Store. IDs ascend with time and are never used
// twice.
type ID uint64

// ErrNotFound is returned for an ID that the store does not hold.
var ErrNotFound = errors.New("blob: not found")

// ErrFull is returned by Write and Commit when the store has no room.
var ErrFull = errors.New("blob: no space left")

// A Store holds write-once objects.
type Store interface {
	// Create starts a new object. It exists for others only after Commit.
	Create(ctx context.Context) (Writer, error)
	// Open returns the object, or ErrNotFound.
	Open(ctx context.Context, id ID) (Reader, error)
	// Delete removes an object; removing an absent one is no error. Readers
	// that are open go on reading.
	Delete(ctx context.Context, id ID) error
	// List yields the committed objects in ascending order.
	List(ctx context.Context) iter.Seq2[ID, error]
	// Close releases the store.
	Close() error
}

// A Writer is an object being written. Exactly one of Commit and Abort ends it.
type Writer interface {
	io.Writer
	// ReadAt reads what has been written so far.
	io.ReaderAt
	// Size is the number of octets written so far.
	Size() int64
	// Commit makes the object durable and returns its name.
	Commit() (ID, error)
	// Abort discards the object. After Commit it does nothing.
	Abort() error
}

// A Reader is an open object. It is safe for concurrent use.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}
