package mail

import (
	"context"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
)

// String is the policy as its annotation has it.
func (p policy) String() string {
	var words []string
	for _, f := range systemFlags {
		if p.flags&f != 0 {
			words = append(words, flagNames[f])
		}
	}
	if p.keywords {
		words = append(words, "$keywords")
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " ")
}

// parsePolicy reads what String writes. \Deleted cannot be private: it would
// make EXPUNGE remove what others do not see as deleted.
func parsePolicy(text string) (p policy, err error) {
	p.set = true
	if text == "none" {
		return p, nil
	}
next:
	for _, word := range strings.Fields(text) {
		if strings.EqualFold(word, "$keywords") {
			p.keywords = true
			continue
		}
		for f, name := range flagNames {
			if strings.EqualFold(word, name) && f != Deleted {
				p.flags |= f
				continue next
			}
		}
		return p, fail(Invalid, `%q cannot be private: name \Seen, \Answered, \Flagged, \Draft or $keywords, or none`, word)
	}
	return p, nil
}

// Policy returns which flags everyone has for himself in a mailbox, or at the root
// of a tree, as PolicyEntry has them. It needs l.
func (u *User) Policy(ctx context.Context, name string) (string, error) {
	loc, err := u.resolveTree(ctx, "policy", name)
	if err != nil {
		return "", err
	}
	var p policy
	err = u.view(ctx, "policy", func(t *txn) error {
		a, n, err := t.aclNode(loc, acl.Lookup)
		if err == nil {
			p = a.policyOf(n)
		}
		return err
	})
	return p.String(), err
}

// SetPolicy sets which flags everyone has for himself in a mailbox and in all
// beneath it without a policy of their own; "" removes the policy, so that the
// one above holds. It needs a.
func (u *User) SetPolicy(ctx context.Context, name, flags string) error {
	loc, err := u.resolveTree(ctx, "policy", name)
	if err != nil {
		return err
	}
	var value []byte
	if flags != "" {
		value = []byte(flags)
	}
	return u.update(ctx, "policy", []directory.ID{loc.owner.ID}, func(t *txn) error {
		a, n, err := t.aclNode(loc, acl.Admin)
		if err != nil {
			return err
		}
		return t.setPolicy(a, n, t.rightsAt(a, n), value)
	})
}

// setPolicy changes which flags are private in a mailbox and beneath it. What
// users had for themselves is kept for when it counts again.
func (t *txn) setPolicy(a *account, n *node, r acl.Rights, value []byte) error {
	if err := admit(r, acl.Admin); err != nil {
		return err
	}
	changed := *n
	changed.policy = policy{}
	if value != nil {
		var err error
		if changed.policy, err = parsePolicy(string(value)); err != nil {
			return err
		}
	}
	a.put = append(a.put, &changed)
	a.treeLog.action, a.treeLog.other, a.treeLog.detail = actPolicy, MailboxID{a.id, n.num}, changed.policy.String()
	return t.flagsChanged(a, n)
}

// flagsChanged gives all messages at n and beneath, as far as n's policy reaches,
// a new modseq: their flags may look different now, and clients must learn it.
func (t *txn) flagsChanged(a *account, n *node) error {
	for _, other := range a.tree.all() {
		if !a.tree.under(other, n.num) || other != n && a.policySource(other) != a.policySource(n) {
			continue
		}
		m, err := t.mailbox(MailboxID{a.id, other.num}, acl.None)
		if err != nil {
			return err
		}
		m.log.action = actPolicy
		modseq := a.next()
		err = m.eachBlock(m.all(), 1, func(s *span) (bool, error) {
			for bit, ok := s.bits.next(0); ok; bit, ok = s.bits.next(bit + 1) {
				s.b.modseq[bit] = modseq
			}
			s.bits.appendTo(&m.log.changed, s.num)
			m.touch(s.num)
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// policySource returns the number of the node whose policy holds at n.
func (a *account) policySource(n *node) uint32 {
	for n = a.node(n.num); !n.policy.set && n.num != rootNum; {
		n = a.node(n.parent)
	}
	return n.num
}

func (t *txn) setUse(a *account, n *node, loc location, value []byte) error {
	uses, err := cleanUses(loc, strings.Fields(string(value)))
	if err != nil {
		return err
	}
	for _, other := range a.tree.all() {
		for _, use := range uses {
			if other != n && slices.Contains(other.special, use) {
				return fail(UseAttr, "%s is for %s already", a.tree.path(other), use)
			}
		}
	}
	changed := *n
	changed.special = uses
	a.put = append(a.put, &changed)
	a.treeLog.action, a.treeLog.other, a.treeLog.detail = actSpecialUse, MailboxID{a.id, n.num}, string(value)
	return nil
}
