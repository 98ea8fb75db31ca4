package imap

import (
	"math"

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
	if r.qresync != nil && !r.qresync.seqs.Empty() && s.dialect.uidOnly {
		return answer{}, errUIDRequired()
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
		if st.FirstUnseen != 0 && !s.dialect.uidOnly {
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

// all are the UIDs of the selected mailbox that the client knows.
func (b *selection) all() uidset.Set { return b.view.All() }
