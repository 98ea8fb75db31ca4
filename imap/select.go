package imap

import (
	"math"
	"strings"

	"poststube/imap/view"
	"poststube/imap/wire"
	"poststube/mail"
	"poststube/uidset"
)

// selectMailbox is SELECT (RFC 9051 section 6.3.2) or EXAMINE (section 6.3.3).
func selectMailbox(name string, examine bool) command {
	return command{
		name:   name,
		states: loggedIn,
		quiet:  true,
		read:   func(p *parser) run { return readSelect(p, examine) },
	}
}

// A selectRequest is a SELECT or EXAMINE with its parameters (RFC 4466 section
// 2.1).
type selectRequest struct {
	mailbox   string
	examine   bool
	condstore bool
	qresync   *qresyncParams
}

// A selectParam is a parameter of SELECT and EXAMINE.
type selectParam struct {
	name string // in capitals
	read func(p *parser, r *selectRequest)
}

func readSelect(p *parser, examine bool) run {
	p.SP()
	r := &selectRequest{mailbox: p.Mailbox(), examine: examine}
	if p.TrySP() {
		p.List1(func() {
			param, ok := p.params[p.Label()]
			if !ok {
				p.Expected("a parameter of SELECT that the server knows")
				return
			}
			param.read(p, r)
		})
	}
	return r.run
}

func (r *selectRequest) run(s *session) (answer, error) {
	if r.qresync != nil && !s.dialect.qresync {
		return answer{}, bad("QRESYNC must be enabled before it is a parameter (RFC 7162 section 3.2.5)")
	}
	if r.condstore {
		s.dialect.condstore = true
	}
	// A failed SELECT leaves no mailbox selected (RFC 9051 section 6.3.2).
	if s.box != nil {
		s.deselect()
		s.enc.Untagged(wire.OK, "CLOSED", "Previous mailbox is now closed")
	}
	box, err := s.user.Open(s.ctx, r.mailbox)
	if err != nil {
		return answer{}, err
	}
	st, err := box.State(s.ctx, !r.examine)
	if err != nil {
		return answer{}, err
	}
	s.open(box, st, r.examine)
	s.describe(st)
	if r.qresync != nil {
		if err := s.resynchronize(r.qresync); err != nil {
			s.deselect()
			return answer{}, err
		}
	}
	if r.examine || st.ReadOnly {
		return answer{code: "READ-ONLY"}, nil
	}
	return answer{code: "READ-WRITE"}, nil
}

// open makes a mailbox the selected one.
func (s *session) open(box *mail.Mailbox, st *mail.State, examine bool) {
	s.in = selected
	s.box = &selection{
		mailbox:     box,
		view:        view.New(st.UIDs),
		uidValidity: st.UIDValidity,
		uidNext:     st.UIDNext,
		examine:     examine,
		recent:      st.UIDs.Intersect(uidset.Range(st.RecentFrom, math.MaxUint32)),
		keywords:    st.Keywords,
		settable:    st.Settable,
		newKeywords: st.NewKeywords,
		readOnly:    st.ReadOnly,
		upTo:        st.HighestModSeq,
		told:        st.HighestModSeq,
	}
}

// describe tells the client what it has selected.
func (s *session) describe(st *mail.State) {
	b := s.box
	s.enc.Star().Int(b.view.Len()).Raw(" EXISTS").CRLF()
	if !s.dialect.rev2 {
		s.enc.Star().Int(b.recent.Len()).Raw(" RECENT").CRLF()
		if st.FirstUnseen != 0 {
			if seq, ok := b.view.Seq(st.FirstUnseen); ok {
				s.enc.Raw("* OK [UNSEEN ").Number(seq).Raw("] First unseen message").CRLF()
			}
		}
	}
	s.enc.Raw("* OK [UIDVALIDITY ").Number(st.UIDValidity).Raw("] UIDs valid").CRLF()
	s.enc.Raw("* OK [UIDNEXT ").Number(st.UIDNext).Raw("] Predicted next UID").CRLF()
	s.flagsLine()
	s.enc.Raw("* OK [HIGHESTMODSEQ ").Uint64(uint64(st.HighestModSeq)).Raw("] Highest mod-sequence").CRLF()
	s.enc.Untagged(wire.OK, s.mailboxIDCode(b.mailbox.ID()), "Mailbox id")
	if s.dialect.rev2 {
		s.listLine(st.Info)
	}
}

// systemFlags are the flags of RFC 9051 section 2.3.2 in the order in which they
// are written.
var systemFlags = [...]struct {
	flag mail.SystemFlags
	name string
}{
	{mail.Answered, `\Answered`}, {mail.Flagged, `\Flagged`}, {mail.Deleted, `\Deleted`},
	{mail.Seen, `\Seen`}, {mail.Draft, `\Draft`},
}

// flagsLine tells which flags there are in the selected mailbox, and which of
// them the client can change for good.
func (s *session) flagsLine() {
	b := s.box
	s.enc.Raw("* FLAGS (").Raw(`\Answered \Flagged \Deleted \Seen \Draft`)
	for _, k := range b.keywords {
		s.enc.SP().Raw(k)
	}
	s.enc.Byte(')').CRLF()

	var permanent []string
	if !b.examine {
		for _, f := range systemFlags {
			if b.settable&f.flag != 0 {
				permanent = append(permanent, f.name)
			}
		}
		if b.newKeywords {
			permanent = append(permanent, b.keywords...)
			permanent = append(permanent, `\*`)
		}
	}
	s.enc.Raw("* OK [PERMANENTFLAGS ").Flags(permanent).Raw("] ").Raw(permanentText(permanent)).CRLF()
}

func permanentText(permanent []string) string {
	if len(permanent) == 0 {
		return "No permanent flags permitted"
	}
	return "Flags that last"
}

// flags appends FLAGS of a message.
func (s *session) flags(m *mail.Message) {
	e := s.enc.Raw("FLAGS (")
	separated := false
	put := func(name string) {
		if separated {
			e.SP()
		}
		separated = true
		e.Raw(name)
	}
	for i := range systemFlags {
		if m.Flags.System&systemFlags[i].flag != 0 {
			put(systemFlags[i].name)
		}
	}
	for _, k := range m.Flags.Keywords {
		put(k)
	}
	if !s.dialect.rev2 && s.box.recent.Contains(m.UID) {
		put(`\Recent`)
	}
	e.Byte(')')
}

// parseFlags turns flags as a client names them into those of the engine.
// \Recent can't be set and is ignored by rev1 servers; flags with a backslash
// that nobody knows are refused, since they could never be permanent.
func parseFlags(p *parser, names []string) mail.Flags {
	var f mail.Flags
	for _, name := range names {
		switch i := indexSystem(name); {
		case i >= 0:
			f.System |= systemFlags[i].flag
		case name == `\Recent`:
		case strings.HasPrefix(name, `\`):
			p.Expected("a flag of RFC 9051 section 2.3.2 or a keyword")
		default:
			f.Keywords = append(f.Keywords, name)
		}
	}
	return f
}

func indexSystem(name string) int {
	for i := range systemFlags {
		if systemFlags[i].name == name {
			return i
		}
	}
	return -1
}

// all are the UIDs of the selected mailbox that the client knows.
func (b *selection) all() uidset.Set { return b.view.All() }
