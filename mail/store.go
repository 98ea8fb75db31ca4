package mail

import (
	"context"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/uidset"
)

// A flagger applies one flag change to messages, as far as the user's rights
// go: s for \Seen, t for \Deleted, w for all others (RFC 4314 section 4).
type flagger struct {
	m        *mailbox
	op       FlagOp
	system   SystemFlags
	keywords []uint16 // ascending
	fresh    bool     // for a message that this transaction puts here
}

// newFlagger finds the keywords of a change in the mailbox's table, and adds
// those that are new and may be set.
func (m *mailbox) newFlagger(ch FlagChange) (*flagger, error) {
	f := &flagger{m: m, op: ch.Op, system: ch.Flags.System}
	mayAdd := ch.Op != RemoveFlags && m.rights.Of(true).Has(acl.Write)
	for _, name := range ch.Flags.Keywords {
		if err := checkKeyword(name); err != nil {
			return nil, err
		}
		k, ok, err := m.keyword(name, mayAdd)
		if err != nil {
			return nil, err
		}
		if ok {
			f.keywords = append(f.keywords, k)
		}
	}
	slices.Sort(f.keywords)
	f.keywords = slices.Compact(f.keywords)
	return f, nil
}

// mask returns the system flags that rights let one change.
func mask(r acl.Rights) (s SystemFlags) {
	if r.Has(acl.Seen) {
		s |= Seen
	}
	if r.Has(acl.Write) {
		s |= Answered | Flagged | Draft
	}
	if r.Has(acl.Delete) {
		s |= Deleted
	}
	return s
}

// permitted refuses a change of which the user may do nothing at all.
func (m *mailbox) permitted(ch FlagChange) error {
	r := m.rights.Of(true)
	touched := ch.Flags.System
	words := len(ch.Flags.Keywords) > 0
	if ch.Op == SetFlags {
		touched, words = AllSystemFlags, true
	}
	if touched == 0 && !words || mask(r)&touched != 0 || words && r.Has(acl.Write) {
		return nil
	}
	var need acl.Rights
	if touched&Seen != 0 {
		need |= acl.Seen
	}
	if touched&Deleted != 0 {
		need |= acl.Delete
	}
	if touched&^(Seen|Deleted) != 0 || words {
		need |= acl.Write
	}
	return m.need(need &^ (r & need))
}

// apply changes v in memory and tells whether anything did.
func (f *flagger) apply(v *visible) bool {
	m := f.m
	m.see(v)
	me := m.t.u.principal.ID
	r := m.rights.Of(v.rec.creator == me && me != 0)
	system, words := f.system&mask(r), v.keywords
	switch f.op {
	case SetFlags:
		system |= v.flags &^ mask(r)
	case AddFlags:
		system |= v.flags
	case RemoveFlags:
		system = v.flags &^ system
	}
	if r.Has(acl.Write) {
		words = f.combine(v.keywords)
	}
	wordsChanged := !slices.Equal(words, v.keywords)
	if system == v.flags && !wordsChanged {
		return false
	}
	f.write(v, system, words, wordsChanged)
	return true
}

func (f *flagger) combine(old []uint16) []uint16 {
	switch f.op {
	case AddFlags:
		out := append(slices.Clone(old), f.keywords...)
		slices.Sort(out)
		return slices.Compact(out)
	case RemoveFlags:
		return slices.DeleteFunc(slices.Clone(old), func(k uint16) bool {
			_, found := slices.BinarySearch(f.keywords, k)
			return found
		})
	}
	return f.keywords
}

// write puts the new flags where they belong: into the record, or beside it
// where the policy makes them the user's own.
func (f *flagger) write(v *visible, system SystemFlags, words []uint16, wordsChanged bool) {
	m := f.m
	modseq := m.a.next()
	diff := system ^ v.flags
	shared := diff&^m.policy.flags != 0 || wordsChanged && !m.policy.keywords
	private := diff&m.policy.flags != 0 || wordsChanged && m.policy.keywords
	if m.own {
		v.rec.flags = system
		if wordsChanged {
			v.rec.keywords = slices.Clone(words)
		}
	} else {
		v.rec.flags = v.rec.flags&m.policy.flags | system&^m.policy.flags
		v.priv.flags = system & m.policy.flags
		if wordsChanged && m.policy.keywords {
			v.priv.keywords = slices.Clone(words)
		} else if wordsChanged {
			v.rec.keywords = slices.Clone(words)
		}
	}
	if shared && !f.fresh {
		v.rec.modseq = modseq
		m.log.changed.Add(v.uid)
	}
	if private && !m.own {
		v.priv.modseq = modseq
		v.privChanged = true
	}
	if private && m.own && !f.fresh {
		v.rec.ownModSeq = modseq
	}
	if private && !f.fresh {
		m.private.Add(v.uid)
	}
	v.flags, v.modseq = system, modseq
	v.keywords = words
}

// put writes a message's records, and keeps chunk and counters in step.
func (m *mailbox) put(v *visible) error {
	t := m.t
	c, err := m.touch(v.uid)
	if err != nil {
		return err
	}
	bit := bitOf(v.uid)
	m.count(c, bit, v.rec.size, -1)
	c.setFlags(bit, v.rec.flags)
	m.count(c, bit, v.rec.size, +1)
	if err := t.set(t.key.start(m.id.Owner, tableMessage).u32(m.id.Num).u32(v.uid), v.rec.encode(t.val[:0])); err != nil {
		return err
	}
	if !v.privChanged {
		return nil
	}
	user := uint32(t.u.principal.ID)
	if err := m.markSeen(c, v.uid, v.priv.flags&Seen != 0); err != nil {
		return err
	}
	return t.set(t.key.start(m.id.Owner, tablePrivate).u32(m.id.Num).u32(user).u32(v.uid), v.priv.encode(t.val[:0]))
}

// count takes a message's flags out of the counters, or adds them.
func (m *mailbox) count(c *chunk, bit uint, size int64, sign int) {
	if c.flags[0].get(bit) {
		m.c.seen += uint32(sign)
	}
	if c.flags[3].get(bit) {
		m.c.deleted += uint32(sign)
		m.c.deletedSize += int64(sign) * size
	}
}

// markSeen keeps the user's private \Seen in step with the private record.
func (m *mailbox) markSeen(c *chunk, uid uint32, seen bool) error {
	num, bit := chunkOf(uid)
	b, err := m.seenBits(num, c)
	if err != nil || !m.privateSeen() {
		return err
	}
	if seen {
		b.set(bit)
	} else {
		b.clear(bit)
	}
	if m.dirtySeen == nil {
		m.dirtySeen = make(map[uint32]bool)
	}
	m.dirtySeen[num] = true
	return nil
}

// SetFlags changes flags of the messages of uids in one commit (RFC 9051 section
// 6.4.6). The error is Denied only if the user may change none of the flags.
func (b *Mailbox) SetFlags(ctx context.Context, uids uidset.Set, ch FlagChange) (Stored, error) {
	var done Stored
	err := b.update(ctx, "store", acl.Read, func(m *mailbox) error {
		done = Stored{}
		if err := m.permitted(ch); err != nil {
			return err
		}
		f, err := m.newFlagger(ch)
		if err != nil {
			return err
		}
		there, err := m.existing(uids)
		if err != nil {
			return err
		}
		done.Missing = uids.Subtract(there)
		m.log.action, m.log.detail = actFlags, ch.describe()
		err = m.rewrite(there, func(v *visible) bool {
			if ch.Conditional && v.modseq > ch.UnchangedSince {
				done.Modified.Add(v.uid)
				return false
			}
			if !f.apply(v) {
				return false
			}
			done.Changed.Add(v.uid)
			return true
		})
		if !done.Changed.Empty() {
			done.ModSeq = m.a.modseq
		}
		return err
	})
	return done, err
}

// rewrite calls change for the messages of uids and stores those for which it
// returns true. It works in steps, since what is being scanned must not be
// written to.
func (m *mailbox) rewrite(uids uidset.Set, change func(*visible) bool) error {
	const step = 4096
	list := make([]visible, 0, min(step, uids.Len()))
	for from := uint32(1); from != 0; {
		list = list[:0]
		next := uint32(0)
		err := m.each(uids, from, func(v *visible) (bool, error) {
			if len(list) == step {
				next = v.uid
				return false, nil
			}
			if change(v) {
				v.rec.keywords = slices.Clone(v.rec.keywords)
				v.priv.keywords = slices.Clone(v.priv.keywords)
				list = append(list, *v)
				v.privChanged = false
			}
			return true, nil
		})
		if err != nil {
			return err
		}
		for i := range list {
			if err := m.put(&list[i]); err != nil {
				return err
			}
		}
		from = next
	}
	return nil
}

var flagNames = map[SystemFlags]string{Seen: `\Seen`, Answered: `\Answered`, Flagged: `\Flagged`, Deleted: `\Deleted`, Draft: `\Draft`}

// describe is how the audit trail shows a change.
func (ch FlagChange) describe() string {
	var names []string
	for _, f := range chunkFlags {
		if ch.Flags.System&f != 0 {
			names = append(names, flagNames[f])
		}
	}
	return [...]string{"=", "+", "-"}[ch.Op] + strings.Join(append(names, ch.Flags.Keywords...), " ")
}
