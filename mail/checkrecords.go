package mail

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"poststube/kv"
)

// A badRecord is a record that is wrong by itself, whatever else is stored.
type badRecord struct {
	key    []byte
	stored []byte // as it lies there; nil if it could not be read at all
	broken bool   // its checksum does not match
	why    string
}

// scanStep bounds what one snapshot reads when everything is, in octets.
const scanStep = 64 << 20

// eachBad reads every record of the store and calls visit for those that are
// wrong by themselves. Octets of messages are left out unless they are asked for.
// What cannot be read for another reason is visited with a nil stored, and the
// reading goes on with the next kind of records.
func (e *Engine) eachBad(ctx context.Context, octets bool, visit func(badRecord) error) error {
	next := []byte{0}
	for next != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		from := next
		var bad []badRecord
		err := e.db.View(ctx, func(r kv.Reader) error {
			size := 0
			next, bad = nil, bad[:0]
			last := slices.Clone(from)
			for p := range r.Scan(from, nil) {
				last = append(last[:0], p.Key...)
				if !octets && p.Key[0] == bodyPrefix {
					next = []byte{bodyPrefix + 1}
					return nil
				}
				if why := checkRecord(p.Key, p.Value); why != "" {
					bad = append(bad, badRecord{key: bytes.Clone(p.Key), stored: bytes.Clone(p.Value), why: why})
				}
				if size += len(p.Key) + len(p.Value); size > scanStep {
					next = append(last, 0)
					return nil
				}
			}
			var broken *kv.DamageError
			switch err := r.Err(); {
			case errors.As(err, &broken):
				bad = append(bad, badRecord{key: broken.Key, stored: broken.Stored, broken: true, why: "does not match its checksum"})
				next = append(slices.Clone(broken.Key), 0)
			case err != nil:
				bad = append(bad, badRecord{key: last, why: "or what follows it cannot be read: " + err.Error()})
				next = afterKind(last)
			}
			return nil
		})
		if err != nil && !errors.Is(err, kv.ErrDamaged) && next == nil && len(bad) == 0 {
			return err
		}
		for _, b := range bad {
			if err := visit(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// afterKind returns the first key of another owner or kind, or nil.
func afterKind(key []byte) []byte {
	if key[0] == ownerPrefix && len(key) >= 5 {
		return prefixEnd(bytes.Clone(key[:5]))
	}
	return prefixEnd([]byte{key[0]})
}

// checkRecords reports bad records.
func (e *Engine) checkRecords(ctx context.Context, o CheckOptions, yield func(Problem) bool) error {
	stopped := errors.New("stopped")
	err := e.eachBad(ctx, o.Bodies, func(b badRecord) error {
		p := placeOf(b.key)
		p.Text = nameRecord(b.key) + " " + b.why
		if !yield(p) {
			return stopped
		}
		return nil
	})
	return err
}
