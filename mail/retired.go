package mail

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"poststube/directory"
	"poststube/kv"
)

// Who leaves is taken out of the directory first, so that no mail comes and nobody
// logs in, and then Remove takes out mail and rights. A crash in between would
// leave mail that belongs to nobody, which looks like a damaged directory. So the
// engine keeps a list of those who are leaving: it finishes their removal, and
// never removes what belongs to somebody whom the directory has merely lost.

// Retire notes that somebody is about to be taken out of the directory.
func (e *Engine) Retire(ctx context.Context, p directory.Principal) error {
	err := e.db.Update(ctx, []string{"engine"}, func(tx kv.Tx) error { return tx.Set(retiredKey(p.ID), []byte{byte(p.Kind)}) })
	return e.failure(ctx, "retire", err)
}

// Reinstate takes back Retire, for somebody who stays.
func (e *Engine) Reinstate(ctx context.Context, p directory.Principal) error {
	err := e.db.Update(kv.WithReserve(ctx), []string{"engine"}, func(tx kv.Tx) error { return tx.Delete(retiredKey(p.ID)) })
	return e.failure(ctx, "reinstate", err)
}

const retiredName = "retired:"

func retiredKey(id directory.ID) []byte {
	return binary.BigEndian.AppendUint32(globalKey(retiredName), uint32(id))
}

// retired returns those whom the directory has forgotten and whose removal was
// interrupted.
func (e *Engine) retired(ctx context.Context) (list []directory.Principal, err error) {
	err = e.db.View(ctx, func(r kv.Reader) error {
		lo := globalKey(retiredName)
		for pair := range r.Scan(lo, prefixEnd(slices.Clone(lo))) {
			if len(pair.Value) != 1 || len(pair.Key) != len(lo)+4 {
				return errRecord
			}
			list = append(list, directory.Principal{ID: directory.ID(suffix32(pair.Key)), Kind: directory.Kind(pair.Value[0])})
		}
		return r.Err()
	})
	if err != nil {
		return nil, e.failure(ctx, "retired", err)
	}
	gone := list[:0]
	for _, p := range list {
		_, err := e.dir.ByID(ctx, p.ID)
		switch {
		case errors.Is(err, directory.ErrNotFound):
			gone = append(gone, p)
		case err != nil:
			return nil, e.failure(ctx, "retired", err)
		}
	}
	return gone, nil
}
