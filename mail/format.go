package mail

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"poststube/kv"
)

// StoreFormat is the version of everything stored. It rises with a change that
// an older poststube would misread; docs/decisions/format.md has its history and
// what such a change must bring with it.
//
//	1  before the first release
//	2  values have checksums (package kv/sealed), emails have one of their octets
const StoreFormat = 2

// A FormatError says that a store has a format that this program does not read.
type FormatError struct{ Found uint64 }

func (e *FormatError) Error() string {
	if e.Found > StoreFormat {
		return fmt.Sprintf("the store has format %d, made by a newer poststube: this one reads formats up to %d; run the newer version, or restore a backup that this one made", e.Found, StoreFormat)
	}
	return fmt.Sprintf("the store has format %d, which must be upgraded to %d first", e.Found, StoreFormat)
}

// FormatKey is where the format is noted, and FormatValue what is noted there.
// They are the same in every version, so that each can tell what it cannot read.
func FormatKey() []byte   { return globalKey("format") }
func FormatValue() []byte { return appendU(nil, StoreFormat) }

// FormatOf returns the format of a store, 0 for one that nothing was stored in.
// It reads no more than the beginning of the value, where every version has it.
func FormatOf(ctx context.Context, db kv.DB) (format uint64, err error) {
	err = db.View(ctx, func(r kv.Reader) (err error) {
		format, err = storedFormat(r)
		return err
	})
	return format, err
}

// formatIn is storedFormat for the engine, which refuses all but its own.
func formatIn(r kv.Reader) (uint64, error) {
	n, err := storedFormat(r)
	if err == nil && n != 0 && n != StoreFormat {
		err = &FormatError{Found: n}
	}
	return n, err
}

func storedFormat(r kv.Reader) (uint64, error) {
	v, err := r.Get(FormatKey())
	if errors.Is(err, kv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, k := binary.Uvarint(v)
	if k <= 0 || n == 0 {
		return 0, errRecord
	}
	return n, nil
}
