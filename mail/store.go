package mail

import (
	"context"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/kv"
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

// needsRecord tells whether more than the block counts: the size, for what
// becomes \Deleted or ceases to be, and who put the message there, for rights
// on one's own messages.
func (f *flagger) needsRecord() bool {
	return f.op == SetFlags || f.system&Deleted != 0 || f.m.rights.Of(true) != f.m.rights
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

// apply changes a message in its block, which belongs to the transaction, and
// tells whether anything did.
func (f *flagger) apply(v *visible) bool {
	m := f.m
	r := m.rightsOn(v)
	system, words := f.system&mask(r), v.keywords
	switch f.op {
	case SetFlags:
		system |= v.flags &^ mask(r)
	case AddFlags:
		system |= v.flags
	case RemoveFlags:
		system = v.flags &^ system
	}
	if r.Has(acl.Write) && (len(f.keywords) > 0 || f.op == SetFlags) {
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

// write puts the new flags where they belong: into the mailbox's block, or into
// the user's where the policy makes them the user's own.
func (f *flagger) write(v *visible, system SystemFlags, words []uint16, wordsChanged bool) {
	m, b := f.m, v.b
	modseq := m.a.next()
	diff, private := system^v.flags, m.policy.flags
	shared := diff&^private != 0 || wordsChanged && !m.policy.keywords
	unshared := diff&private != 0 || wordsChanged && m.policy.keywords
	old := b.system(v.bit)
	if v.p == nil {
		private = 0
	}
	b.setSystem(v.bit, old&private|system&^private)
	m.recount(b.system(v.bit), old, v)
	if v.p == nil || !m.policy.keywords {
		if wordsChanged {
			b.setWords(v.bit, words)
		}
	} else if wordsChanged {
		v.p.setWords(v.bit, words)
	}
	m.touch(v.num)
	if v.p != nil && unshared {
		v.p.setSystem(v.bit, v.p.system(v.bit)&^private|system&private)
		v.p.modseq[v.bit] = modseq
		m.touchPrivate(v.num)
	}
	if f.fresh {
		return
	}
	if shared {
		b.modseq[v.bit] = modseq
		m.log.changed.Add(v.uid)
	}
	if unshared {
		if m.own {
			b.own[v.bit] = modseq
		}
		m.unshared.Add(v.uid)
	}
}

// recount brings the counters from a message's old flags to its new ones.
func (m *mailbox) recount(now, old SystemFlags, v *visible) {
	sign := func(f SystemFlags) int { return bit(now&f != 0) - bit(old&f != 0) }
	m.c.seen += uint32(sign(Seen))
	m.c.deleted += uint32(sign(Deleted))
	m.c.deletedSize += int64(sign(Deleted)) * v.rec.size
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// SetFlags changes flags of the messages of uids in one commit (RFC 9051 section
// 6.4.6). The error is Denied only if the user may change none of the flags.
func (b *Mailbox) SetFlags(ctx context.Context, uids uidset.Set, ch FlagChange) (Stored, error) {
	var done Stored
	// Flags are small, and nothing is expunged that has no \Deleted.
	err := b.update(kv.WithReserve(ctx), "store", acl.Read, func(m *mailbox) error {
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
		err = m.each(there, 1, f.needsRecord(), func(v *visible) (bool, error) {
			if ch.Conditional && v.modseq > ch.UnchangedSince {
				done.Modified.Add(v.uid)
			} else if f.apply(v) {
				done.Changed.Add(v.uid)
			}
			return true, nil
		})
		if !done.Changed.Empty() {
			done.ModSeq = m.a.modseq
		}
		return err
	})
	return done, err
}

var flagNames = map[SystemFlags]string{Seen: `\Seen`, Answered: `\Answered`, Flagged: `\Flagged`, Deleted: `\Deleted`, Draft: `\Draft`}

// describe is how the audit trail shows a change.
func (ch FlagChange) describe() string {
	var names []string
	for _, f := range systemFlags {
		if ch.Flags.System&f != 0 {
			names = append(names, flagNames[f])
		}
	}
	return [...]string{"=", "+", "-"}[ch.Op] + strings.Join(append(names, ch.Flags.Keywords...), " ")
}
