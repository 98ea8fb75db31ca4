package imap

import (
	"slices"

	"poststube/mail"
	"poststube/uidset"
)

// fetch is FETCH (RFC 9051 section 6.4.5) or UID FETCH.
func fetch(uid bool) command {
	return command{
		name:     uidName("FETCH", uid),
		states:   selected,
		sequence: !uid,
		read:     func(p *parser) run { return readFetch(p, uid) },
	}
}

// A fetchRequest is a FETCH: which messages, and what of them.
type fetchRequest struct {
	numbers numbers
	parts   []fetchPart
	fields  mail.Fields // what of a message the parts need
	seen    bool        // some part sets \Seen
	named   uint8       // which of UID, FLAGS and MODSEQ are among the parts

	condstore    bool        // asking for this enables CONDSTORE
	changedSince mail.ModSeq // 0: all
	vanished     bool
}

// A fetchItem is something that FETCH can be asked for: fetch-att of RFC 9051
// section 9.
type fetchItem struct {
	name string // in capitals, up to a "["
	// read reads what follows the name and adds parts to the request.
	read func(p *parser, r *fetchRequest)
}

// A fetchPart is one item of a request, ready to be written.
type fetchPart struct {
	fields mail.Fields // what of a message it needs
	seen   bool        // it sets \Seen
	// append writes name and value. It must not use CRLF or Literal of the
	// encoder, which may write to the client: see fetched.literal.
	append func(s *session, m *fetched)
}

// Which parts a request names itself; each response has them at most once.
const (
	namesUID uint8 = 1 << iota
	namesFlags
	namesModSeq
)

// add adds a part.
func (r *fetchRequest) add(part fetchPart) {
	r.parts = append(r.parts, part)
	r.fields |= part.fields
	r.seen = r.seen || part.seen
}

// A fetchModifier is a modifier of FETCH (RFC 4466 section 2.4).
type fetchModifier struct {
	name string // in capitals
	read func(p *parser, r *fetchRequest)
}

// macros are the short forms for several items (RFC 9051 section 6.4.5).
var macros = map[string][]string{
	"ALL":  {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"},
	"FAST": {"FLAGS", "INTERNALDATE", "RFC822.SIZE"},
	"FULL": {"FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"},
}

func readFetch(p *parser, uid bool) run {
	r := &fetchRequest{}
	p.SP()
	r.numbers = readNumbers(p, uid)
	p.SP()
	if p.Peek() == '(' {
		p.List1(func() { readFetchItem(p, r, p.Label()) })
	} else {
		name := p.Label()
		if names, ok := macros[name]; ok {
			for _, name := range names {
				p.fetch[name].read(p, r)
			}
		} else {
			readFetchItem(p, r, name)
		}
	}
	if p.TrySP() {
		p.List1(func() {
			m, ok := p.fetchMod[p.Label()]
			if !ok {
				p.Expected("a modifier of FETCH that the server knows")
				return
			}
			m.read(p, r)
		})
	}
	if r.vanished && (!uid || r.changedSince == 0) {
		p.Expected("VANISHED with UID FETCH and CHANGEDSINCE only (RFC 7162 section 3.2.6)")
	}
	return r.run
}

func readFetchItem(p *parser, r *fetchRequest, name string) {
	item, ok := p.fetch[name]
	if !ok {
		p.Expected("an item of FETCH that the server knows")
		return
	}
	item.read(p, r)
}

func (r *fetchRequest) run(s *session) (answer, error) {
	if r.vanished && !s.dialect.qresync {
		return answer{}, bad("QRESYNC must be enabled before VANISHED is used (RFC 7162 section 3.2.6)")
	}
	uids, err := s.resolve(r.numbers)
	if err != nil {
		return answer{}, err
	}
	if r.condstore || r.changedSince != 0 {
		s.dialect.condstore = true
	}
	if r.changedSince != 0 {
		if uids, err = s.changedSince(r, uids); err != nil {
			return answer{}, err
		}
	}
	ans := answer{how: syncing{withUID: r.numbers.uid}}
	var told mail.Stored
	if r.seen && !s.box.examine {
		if told, err = s.markSeen(uids); err != nil {
			return answer{}, err
		}
		ans.how.silent, ans.how.silentAt, ans.how.known = told.Changed, told.ModSeq, true
	}
	missing, err := s.fetch(r, uids, told.Changed)
	if err == nil && missing {
		ans.code = "EXPUNGEISSUED"
	}
	return ans, err
}

// changedSince returns those of uids that have changed since, and tells which
// have vanished if the client wants to know (RFC 7162 section 3.1.4).
func (s *session) changedSince(r *fetchRequest, uids uidset.Set) (uidset.Set, error) {
	ch, err := s.box.mailbox.Changes(s.ctx, r.changedSince)
	if err != nil {
		return uidset.Set{}, err
	}
	if r.vanished {
		s.vanishedEarlier(r, ch)
	}
	return uids.Intersect(ch.Changed.Union(ch.Arrived)), nil
}

// vanishedEarlier tells which of the UIDs that the client has named, known here
// or not, are gone.
func (s *session) vanishedEarlier(r *fetchRequest, ch *mail.Changes) {
	if r.numbers.set.Saved {
		return // holds only what is there
	}
	named := r.numbers.set.Resolve(s.box.uidNext - 1).Intersect(uidset.Range(1, s.box.uidNext-1))
	vanished := ch.Vanished.Intersect(named)
	if ch.Incomplete {
		vanished = named.Subtract(ch.Exists)
	}
	// What this session has not been told yet is told by sync.
	if vanished = vanished.Subtract(s.box.all()); !vanished.Empty() {
		s.enc.Raw("* VANISHED (EARLIER) ").Set(vanished).CRLF()
	}
}

// markSeen sets \Seen for messages whose bodies are fetched. A user who may not
// do that may read all the same.
func (s *session) markSeen(uids uidset.Set) (mail.Stored, error) {
	stored, err := s.box.mailbox.SetFlags(s.ctx, uids, mail.FlagChange{Op: mail.AddFlags, Flags: mail.Flags{System: mail.Seen}})
	if denied(err) {
		return mail.Stored{}, nil
	}
	return stored, err
}

// fetch writes the FETCH responses. flagged are messages whose flags have
// changed by the command itself: they are told with FLAGS. It reports whether
// some message was no longer there.
func (s *session) fetch(r *fetchRequest, uids, flagged uidset.Set) (missing bool, err error) {
	parts := r.parts
	if r.numbers.uid && r.named&namesUID == 0 {
		parts = slices.Insert(slices.Clone(parts), 0, fetchPart{append: appendUIDItem})
	}
	withModSeq := r.named&namesModSeq == 0 && (r.changedSince != 0 || s.dialect.condstore && r.named&namesFlags != 0)
	f := fetcher{session: s, parts: parts, flagged: flagged, named: r.named, withModSeq: withModSeq}
	err = s.portions(uids, r.fields, func(m *mail.Message) bool {
		if r.fields&mail.WantRaw != 0 && m.Raw == nil {
			// Its octets come from far away and are many: when nothing is held.
			f.large = m.Clone()
			return false
		}
		f.line(&fetched{Message: m})
		return s.enc.Buffered() < portion
	}, f.largeLine)
	if err == nil {
		err = f.err
	}
	return f.lines < uids.Len(), err
}
