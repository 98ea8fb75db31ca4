package imap

import (
	"poststube/imap/wire"
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

	condstore    bool        // asking for this enables CONDSTORE
	changedSince mail.ModSeq // 0: all
	vanished     bool
	page         *page // which of the messages; nil: all
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
	// name is what was asked for, in one spelling: a part that is asked for
	// twice is written once.
	name   string
	fields mail.Fields // what of a message it needs beyond its record
	seen   bool        // it sets \Seen

	// octets tells whether it needs the octets of a message. nil: never.
	octets func(m *mail.Message) bool
	// prepare finds the value. An error means that the message has no line.
	// nil: there is nothing to find.
	prepare func(m *fetched, v *value) error
	// append writes name and value. Unless the message has a body, that is
	// while the engine visits it, it must not use CRLF or Literal of the
	// encoder, which may write to the client: see fetched.literal.
	append func(s *session, m *fetched)
}

// maxFetchParts bounds what one FETCH may ask for of each message. No client
// comes near; a hostile one could otherwise have a message repeated thousands
// of times by one line.
const maxFetchParts = 1000

// add adds a part, once.
func (r *fetchRequest) add(p *parser, part fetchPart) {
	if r.has(part.name) {
		return
	}
	if len(r.parts) == maxFetchParts {
		p.Fail(&wire.Error{Kind: wire.Limit, Code: "LIMIT", Text: "too many items in one FETCH"})
		return
	}
	// WantFlagsOnly holds for the whole if it holds for every part.
	only := part.fields & mail.WantFlagsOnly
	if len(r.parts) > 0 {
		only &= r.fields
	}
	r.parts = append(r.parts, part)
	r.fields = (r.fields|part.fields)&^mail.WantFlagsOnly | only
	r.seen = r.seen || part.seen
}

// has tells whether a part was asked for by this name.
func (r *fetchRequest) has(name string) bool {
	for i := range r.parts {
		if r.parts[i].name == name {
			return true
		}
	}
	return false
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
	if r.page != nil && !uid {
		p.Expected("PARTIAL with UID FETCH only (RFC 9394 section 3.3)")
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
	if r.page != nil {
		// The page is taken first, then those of it that have changed (RFC 9394
		// section 3.4).
		if err := s.limitPage(r.page); err != nil {
			return answer{}, err
		}
		uids = r.page.of(uids)
	}
	uids, limit := s.limited(uids)
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
	s.tellLimit(&ans, limit)
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

// unseen is the condition for messages without \Seen.
var unseen = not(&mail.Query{Op: mail.QFlag, Flag: mail.Seen})

// markSeen sets \Seen for messages whose bodies are fetched. A user who may not
// do that may read all the same (RFC 4314 section 4). Most that are read again
// have it already, which a look at the flags tells for less than a change.
func (s *session) markSeen(uids uidset.Set) (mail.Stored, error) {
	found, err := s.box.mailbox.Search(s.ctx, uids, unseen, false)
	if err != nil || found.UIDs.Empty() {
		return mail.Stored{}, err
	}
	stored, err := s.box.mailbox.SetFlags(s.ctx, found.UIDs, mail.FlagChange{Op: mail.AddFlags, Flags: mail.Flags{System: mail.Seen}})
	if denied(err) {
		return mail.Stored{}, nil
	}
	return stored, err
}
