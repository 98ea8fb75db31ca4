package mail

import (
	"context"
	"errors"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
)

// An Envelope says from whom and to whom a message is, as SMTP has it.
type Envelope struct {
	From   string
	To     []string
	Origin Origin
	// Identity tells whether the message was delivered before.
	Identity Identity
}

// A Delivery is what became of one recipient.
type Delivery struct {
	Recipient string
	Err       error // nil: the message is durably in the mailbox
	Mailbox   MailboxID
	UID       uint32
}

// CanDeliver tells whether a recipient exists, for RCPT TO. The error is
// NotFound, or Invalid for what is no address.
func (e *Engine) CanDeliver(ctx context.Context, to string) error {
	_, err := e.recipient(ctx, to)
	return err
}

func (e *Engine) recipient(ctx context.Context, to string) (directory.Recipient, error) {
	r, err := e.dir.Resolve(ctx, to)
	switch {
	case errors.Is(err, directory.ErrNotFound), errors.Is(err, directory.ErrNotServed):
		return r, &Error{Kind: NotFound, Text: "there is no such recipient here", Err: err}
	case errors.Is(err, directory.ErrInvalid):
		return r, &Error{Kind: Invalid, Text: "this is not a mail address", Err: err}
	}
	return r, e.failure(ctx, "resolve address", err)
}

// Deliver puts a message into the mailboxes of its recipients, one result for
// each in their order. All that succeed are durable, in one commit, when it
// returns. A subaddress (anna+Lists) goes into the owner's mailbox of that name
// if there is one that takes mail (p), else into the INBOX. What has the Identity
// of a message that a mailbox got in the last week is there already: the result is
// the same, and nothing is stored.
func (e *Engine) Deliver(ctx context.Context, env Envelope, up *Upload) []Delivery {
	results := make([]Delivery, len(env.To))
	targets := make([]directory.Recipient, len(env.To))
	var owners []directory.ID
	for i, to := range env.To {
		results[i].Recipient = to
		if targets[i], results[i].Err = e.recipient(ctx, to); results[i].Err != nil {
			continue
		}
		if results[i].Err = e.Provision(ctx, targets[i].Principal); results[i].Err == nil {
			owners = append(owners, targets[i].Principal.ID)
		}
	}
	if len(owners) == 0 {
		return results
	}
	slices.Sort(owners)
	err := up.prepare()
	if err == nil {
		err = e.deliver(ctx, env, up, slices.Compact(owners), targets, results)
	}
	if err != nil {
		err = e.failure(ctx, "deliver", err)
		for i := range results {
			if results[i].Err == nil {
				results[i] = Delivery{Recipient: results[i].Recipient, Err: err}
			}
		}
	}
	return results
}

func (e *Engine) deliver(ctx context.Context, env Envelope, up *Upload, owners []directory.ID, targets []directory.Recipient, results []Delivery) error {
	u := &User{engine: e, origin: env.Origin, delivery: true}
	return u.update(ctx, "deliver", owners, func(t *txn) error {
		placed := make(map[MailboxID]uint32) // one copy for two addresses of one mailbox
		for i := range results {
			if results[i].Err != nil {
				continue
			}
			// The mail acts with the rights of the one it is for.
			t.subject = acl.Subject{User: uint32(targets[i].Principal.ID)}
			m, err := t.inbox(targets[i])
			if err != nil {
				if KindOf(err) == Internal {
					return err
				}
				results[i].Err = err
				continue
			}
			results[i].Mailbox = m.id
			if uid, ok := placed[m.id]; ok {
				results[i].UID = uid
				continue
			}
			if uid, known, err := m.delivered(env.Identity); err != nil {
				return err
			} else if known {
				results[i].UID = uid
				continue
			}
			if err := m.a.room(t, 1, up.size); err != nil { // before anything of it is written
				if KindOf(err) != OverQuota {
					return err
				}
				results[i].Err = err
				continue
			}
			m.log.action, m.log.detail = actDeliver, env.From
			uid, err := m.appendNew(&NewMessage{Upload: up})
			if err != nil {
				return err
			}
			if err := m.remember(env.Identity, uid); err != nil {
				return err
			}
			placed[m.id], results[i].UID = uid, uid
		}
		return nil
	})
}

// inbox returns the mailbox that takes a recipient's mail.
func (t *txn) inbox(to directory.Recipient) (*mailbox, error) {
	a, err := t.account(to.Principal.ID)
	if err != nil {
		return nil, err
	}
	if n := a.detail(to.Detail); n != nil {
		m, err := t.mailbox(MailboxID{a.id, n.num}, acl.Post)
		if err == nil {
			return m, nil
		}
		if k := KindOf(err); k != NotFound && k != Denied {
			return nil, err
		}
	}
	n := a.tree.find(inbox)
	if n == nil {
		return nil, fail(Unavailable, "the recipient has no INBOX at the moment")
	}
	return t.mailbox(MailboxID{a.id, n.num}, acl.Post)
}

// detail finds the mailbox that a subaddress names, in any case of letters.
// Levels may be separated by '/' or '.', since not all mailers take a '/'.
func (a *account) detail(detail string) *node {
	if detail == "" {
		return nil
	}
	if n := a.tree.find(detail); n != nil && n.num != rootNum {
		return n
	}
	same := func(path string) bool { return strings.EqualFold(path, detail) }
	var found *node
	for _, n := range a.tree.all() {
		path := a.tree.path(n)
		if same(path) || found == nil && same(strings.ReplaceAll(path, separator, ".")) {
			found = n
		}
	}
	return found
}
