package mail

import (
	"context"
	"fmt"
	"testing"

	"poststube/kv"
)

// A countingDB counts what updates write.
type countingDB struct {
	kv.DB
	written int
}

type countingTx struct {
	kv.Tx
	db *countingDB
}

func (d *countingDB) Update(ctx context.Context, locks []string, fn func(kv.Tx) error) error {
	return d.DB.Update(ctx, locks, func(tx kv.Tx) error { return fn(countingTx{tx, d}) })
}

func (t countingTx) Set(key, value []byte) error {
	t.db.written++
	return t.Tx.Set(key, value)
}

func (t countingTx) Delete(key []byte) error {
	t.db.written++
	return t.Tx.Delete(key)
}

func (t countingTx) DeleteRange(lo, hi []byte) error {
	t.db.written++
	return t.Tx.DeleteRange(lo, hi)
}

// TestGrantsWriteFewRecords grants, changes and revokes rights of a person and of
// groups of all sizes, on mailboxes with little and much beneath them: each writes
// the entry with its mailbox, its place in the reverse index, the log entry and
// the owner's modseq, and nothing else.
func TestGrantsWriteFewRecords(t *testing.T) {
	w := newWorld(t)
	ids := w.people(500)
	w.group("one", ids[0])
	inner := w.group("inner", ids...)
	w.group("outer", inner.ID)
	anna := w.as("anna")
	for i := range 300 {
		_, err := anna.Create(w.ctx, fmt.Sprintf("Large/%d", i), nil)
		w.must(err)
	}
	db := &countingDB{DB: w.db}
	w.Engine.db = db
	for _, box := range []string{"Archive", "Large"} {
		for _, who := range []string{"ben", "group:one", "group:inner", "group:outer", "anyone", "-group:inner"} {
			for _, step := range []struct {
				rights string
				want   int
			}{{"lr", 4}, {"lrs", 4}, {"", 4}, {"+l", 4}} {
				db.written = 0
				w.grant("anna", box, who, step.rights)
				if db.written != step.want {
					t.Errorf("SETACL %s %s %q writes %d records, want %d", box, who, step.rights, db.written, step.want)
				}
			}
		}
	}
}
