package imap

import (
	"poststube/mail"
	"poststube/uidset"
)

// store is STORE (RFC 9051 section 6.4.6) or UID STORE.
func store(uid bool) command {
	return command{
		name:     uidName("STORE", uid),
		states:   selected,
		sequence: !uid,
		read:     func(p *parser) run { return readStore(p, uid) },
	}
}

// A storeRequest is a STORE with its modifiers.
type storeRequest struct {
	numbers numbers
	change  mail.FlagChange
	silent  bool
}

// A storeModifier is a modifier of STORE (RFC 4466 section 2.5).
type storeModifier struct {
	name string // in capitals
	read func(p *parser, r *storeRequest)
}

func readStore(p *parser, uid bool) run {
	r := &storeRequest{}
	p.SP()
	r.numbers = readNumbers(p, uid)
	p.SP()
	if p.TryList(func() {
		m, ok := p.modify[p.Label()]
		if !ok {
			p.Expected("a modifier of STORE that the server knows")
			return
		}
		m.read(p, r)
	}) {
		p.SP()
	}
	switch {
	case p.Try('+'):
		r.change.Op = mail.AddFlags
	case p.Try('-'):
		r.change.Op = mail.RemoveFlags
	default:
		r.change.Op = mail.SetFlags
	}
	switch p.Label() {
	case "FLAGS":
	case "FLAGS.SILENT":
		r.silent = true
	default:
		p.Expected("FLAGS or FLAGS.SILENT")
	}
	p.SP()
	r.change.Flags = parseFlags(p, p.Flags())
	return r.run
}

func (r *storeRequest) run(s *session) (answer, error) {
	if err := s.writable(); err != nil {
		return answer{}, err
	}
	uids, err := s.resolve(r.numbers)
	if err != nil {
		return answer{}, err
	}
	uids, limit := s.limited(uids)
	if r.change.Conditional {
		s.dialect.condstore = true
	}
	stored, err := s.store(uids, r)
	if err != nil {
		return answer{}, err
	}
	ans := answer{how: syncing{withUID: r.numbers.uid}}
	if r.silent {
		ans.how.silent, ans.how.silentAt = stored.Changed, stored.ModSeq
	} else {
		ans.how.report = uids.Subtract(stored.Modified).Subtract(stored.Missing)
	}
	switch {
	case !uids.Empty() && stored.Missing.Equal(uids):
		return ans, errExpunged
	case !stored.Modified.Empty():
		ans.code = s.modified(r.numbers.uid, stored.Modified)
	case !stored.Missing.Empty():
		ans.code = "EXPUNGEISSUED"
	}
	s.tellLimit(&ans, limit)
	return ans, nil
}

// store changes flags. A silent change must not hide what somebody else has
// done to the same message just before, or the client would never hear of it:
// messages that have changed since the client was told last are changed aloud.
func (s *session) store(uids uidset.Set, r *storeRequest) (mail.Stored, error) {
	box, change := s.box.mailbox, r.change
	if !r.silent || change.Conditional {
		return box.SetFlags(s.ctx, uids, change)
	}
	change.Conditional, change.UnchangedSince = true, s.box.upTo
	stored, err := box.SetFlags(s.ctx, uids, change)
	if err != nil || stored.Modified.Empty() {
		return stored, err
	}
	aloud, err := box.SetFlags(s.ctx, stored.Modified, r.change)
	stored.Modified = aloud.Modified
	stored.Missing = stored.Missing.Union(aloud.Missing)
	return stored, err
}
