package sealed

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"poststube/kv"
)

// sealStep bounds what one transaction of Seal rewrites, in octets.
const sealStep = 4 << 20

// Seal gives the values of a store that was written without checksums theirs.
// It goes in steps, each one transaction, and keeps under the key at how far it
// has come; so it may be interrupted anywhere and called again. In the first step
// it also stores what tells an older program to keep its hands off: fence under
// fenceKey, which gets its checksum like all others. progress, if not nil, hears
// how many values are done. Nobody else may use db meanwhile.
func Seal(ctx context.Context, db kv.DB, at, fenceKey, fence []byte, progress func(values int)) error {
	for done, last := 0, false; !last; {
		err := db.Update(ctx, nil, func(t kv.Tx) error {
			from, err := t.Get(at)
			if errors.Is(err, kv.ErrNotFound) {
				from, err = nil, t.Set(fenceKey, Append(nil, fenceKey, fence))
			}
			if err != nil {
				return err
			}
			pairs, more, err := unsealed(t, append(slices.Clone(from), 0), at, fenceKey)
			if err != nil {
				return err
			}
			for _, p := range pairs {
				if err := t.Set(p.Key, Append(nil, p.Key, p.Value)); err != nil {
					return err
				}
			}
			done += len(pairs)
			if last = !more; last {
				return t.Delete(at)
			}
			return t.Set(at, pairs[len(pairs)-1].Key)
		})
		if err != nil {
			return err
		}
		if progress != nil {
			progress(done)
		}
	}
	return nil
}

// unsealed returns the next pairs from a key on, without two that are kept apart,
// and tells whether there are more.
func unsealed(r kv.Reader, from, at, fence []byte) (pairs []kv.Pair, more bool, err error) {
	size := 0
	for p := range r.Scan(from, nil) {
		if bytes.Equal(p.Key, at) || bytes.Equal(p.Key, fence) {
			continue
		}
		if size >= sealStep {
			return pairs, true, nil
		}
		pairs = append(pairs, kv.Pair{Key: slices.Clone(p.Key), Value: slices.Clone(p.Value)})
		size += len(p.Key) + len(p.Value)
	}
	return pairs, false, r.Err()
}
