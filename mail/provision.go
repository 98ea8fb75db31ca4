package mail

import (
	"context"

	"poststube/directory"
)

// firstMailboxes are what a new person finds, with the special uses that keep
// clients from making a "Sent Items" of their own.
var firstMailboxes = []struct{ name, use string }{
	{inbox, ""}, {"Drafts", `\Drafts`}, {"Sent", `\Sent`}, {"Archive", `\Archive`}, {"Junk", `\Junk`}, {"Trash", `\Trash`},
}

// Provision makes the first mailboxes of a person or a group, if that has not
// been done. It is done by itself when mail or its owner comes.
func (e *Engine) Provision(ctx context.Context, p directory.Principal) error {
	e.mu.Lock()
	done := e.provisioned[p.ID]
	e.mu.Unlock()
	if done {
		return nil
	}
	u := e.AsAdmin(p, "new account")
	err := u.view(ctx, "provision", func(t *txn) error {
		a, err := t.account(p.ID)
		if err == nil {
			done = a.rec.provisioned
		}
		return err
	})
	if err != nil {
		return err
	}
	if !done {
		if err := u.update(ctx, "provision", []directory.ID{p.ID}, (*txn).provision); err != nil {
			return err
		}
	}
	e.mu.Lock()
	if len(e.provisioned) >= maxTrees {
		clear(e.provisioned)
	}
	e.provisioned[p.ID] = true
	e.mu.Unlock()
	return nil
}

func (t *txn) provision() error {
	p := t.u.principal
	a, err := t.account(p.ID)
	if err != nil || a.rec.provisioned {
		return err
	}
	a.rec.provisioned, a.dirty = true, true
	a.treeLog.action, a.treeLog.detail = actCreate, "first mailboxes"
	if p.Kind == directory.Group {
		t.addNode(a, rootNum, groupInbox)
		return nil
	}
	for _, first := range firstMailboxes {
		n := t.addNode(a, rootNum, first.name)
		if first.use != "" {
			n.special = []string{first.use}
		}
		if err := t.subscribe(MailboxID{a.id, n.num}, 1); err != nil {
			return err
		}
	}
	return nil
}
