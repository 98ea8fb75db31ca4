package mail

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"poststube/directory"
	"poststube/kv"
)

// A Problem is something that Check found to be wrong.
type Problem struct {
	Owner   directory.ID
	Mailbox uint32 // 0: the account
	UID     uint32 // 0: the mailbox
	Text    string
}

func (p Problem) String() string {
	if p.Owner == 0 && p.Mailbox == 0 {
		return p.Text
	}
	s := fmt.Sprintf("owner %d", p.Owner)
	if p.Mailbox != 0 {
		s += fmt.Sprintf(", mailbox %d", p.Mailbox)
	}
	if p.UID != 0 {
		s += fmt.Sprintf(", UID %d", p.UID)
	}
	return s + ": " + p.Text
}

// CheckOptions say how thorough Check is.
type CheckOptions struct {
	// Bodies also reads the octets of every message, compares their checksum,
	// and parses them to compare with what is kept of it.
	Bodies bool
	// Count, if not nil, is increased by what was looked at.
	Count *Checked
}

// Checked is how much Check has looked at.
type Checked struct {
	Owners, Mailboxes, Messages int
	Octets                      int64 // of the messages, also where only their records were read
	// Unused files hold octets that nothing refers to. They are no fault: a
	// crash while a large message comes in leaves one, and one that comes in
	// now looks the same. Repair sets them aside.
	Unused int
}

// Check reads everything that the engine keeps and yields what does not fit
// together: records that do not match their checksum or cannot be read, counters,
// bitmaps and quota that differ from the messages, UIDs and modseqs out of range,
// a change log that is not complete, emails without octets, octets without an
// email, entries of the indexes that point nowhere or are missing. It changes
// nothing and runs beside everything else, one snapshot per owner. The error of a
// pair says that the check was ended; what cannot be read is a Problem.
func (e *Engine) Check(ctx context.Context, o CheckOptions) iter.Seq2[Problem, error] {
	return func(yield func(Problem, error) bool) {
		going := true
		report := func(p Problem) bool {
			going = going && yield(p, nil)
			return going
		}
		if err := e.checkRecords(ctx, o, report); err != nil && going {
			report(Problem{Text: "the store cannot be read: " + err.Error()})
		}
		owners, err := e.owners(ctx)
		if err != nil && going && ctx.Err() == nil {
			report(Problem{Text: "the list of owners cannot be read to its end: " + err.Error()})
		}
		for _, owner := range owners {
			if !going || ctx.Err() != nil {
				break
			}
			for _, p := range e.checkOwner(ctx, owner, o) {
				if !report(p) {
					break
				}
			}
		}
		if going && ctx.Err() == nil {
			if err := e.checkShared(ctx, o, report); err != nil && going && ctx.Err() == nil {
				report(Problem{Text: "what owners share cannot be read: " + err.Error()})
			}
		}
		if err := ctx.Err(); err != nil && going {
			yield(Problem{}, err)
		}
	}
}

// checkOwner checks what one owner has.
func (e *Engine) checkOwner(ctx context.Context, owner directory.ID, o CheckOptions) []Problem {
	c := checker{e: e, o: o, owner: owner, emails: make(map[uint64]bool)}
	u := e.AsAdmin(directory.Principal{ID: owner}, "verify")
	if err := u.view(ctx, "verify", func(t *txn) error { return c.account(ctx, t) }); err != nil {
		c.found(0, 0, "cannot be read: %v", err)
	}
	if err := e.indexer.Check(ctx, uint32(owner)); err != nil && ctx.Err() == nil {
		c.found(0, 0, "the search index is damaged and should be made anew: %v", err)
	}
	if o.Count != nil {
		o.Count.Owners++
	}
	return c.problems
}

// owners returns all owners that the store knows.
func (e *Engine) owners(ctx context.Context) (list []directory.ID, err error) {
	err = e.db.View(ctx, func(r kv.Reader) error {
		lo := []byte{ownerPrefix}
		for {
			found := false
			for p := range r.Scan(lo, []byte{ownerPrefix + 1}) {
				id := directory.ID(binary.BigEndian.Uint32(p.Key[1:]))
				list = append(list, id)
				lo, found = ownerKey(id + 1)[:5], true
				break
			}
			if !found {
				return r.Err()
			}
		}
	})
	return list, err
}
