package pebblekv

import (
	"bytes"

	"github.com/cockroachdb/pebble/v2"
)

// fewWrites is up to how many writes a Get looks through them one by one. Most
// transactions of a mail server stay below; the index costs more than this does.
const fewWrites = 32

// fate is what a transaction has done to a key so far.
type fate int

const (
	untouched fate = iota
	written
	deleted
)

// pending looks for the last write of key in a batch. The value belongs to the
// batch.
func pending(batch *pebble.Batch, key []byte) (value []byte, f fate) {
	if batch.Empty() {
		return nil, untouched
	}
	for r := batch.Reader(); ; {
		// A batch that this process has just built cannot be damaged.
		kind, k, v, ok, _ := r.Next()
		switch {
		case !ok:
			return value, f
		case kind == pebble.InternalKeyKindRangeDelete:
			if bytes.Compare(k, key) <= 0 && bytes.Compare(key, v) < 0 {
				value, f = nil, deleted
			}
		case !bytes.Equal(k, key):
		case kind == pebble.InternalKeyKindSet:
			value, f = v, written
		case kind == pebble.InternalKeyKindDelete:
			value, f = nil, deleted
		}
	}
}
