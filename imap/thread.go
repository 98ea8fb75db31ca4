package imap

import (
	"context"

	"poststube/mail"
)

// threading is THREAD of RFC 5256.
func threading() extension {
	return extension{
		name:         "THREAD",
		rfc:          "RFC 5256",
		capabilities: always("THREAD=ORDEREDSUBJECT", "THREAD=REFERENCES"),
		commands:     []command{threadMessages(false), threadMessages(true)},
	}
}

// threadAlgorithms are the algorithms by their names.
var threadAlgorithms = map[string]mail.ThreadBy{
	"ORDEREDSUBJECT": mail.ThreadByOrderedSubject,
	"REFERENCES":     mail.ThreadByReferences,
}

// threadMessages is THREAD or UID THREAD (RFC 5256 section 3).
func threadMessages(uid bool) command {
	return command{
		name:     uidName("THREAD", uid),
		states:   selected,
		sequence: !uid,
		heavy:    true,
		read: func(p *parser) run {
			r := &searchRequest{uid: uid}
			p.SP()
			by, ok := threadAlgorithms[p.Keyword()]
			if !ok {
				p.Expected("ORDEREDSUBJECT or REFERENCES")
			}
			p.SP()
			readCriteria(p, r)
			return func(s *session) (answer, error) { return r.thread(s, by) }
		},
	}
}

func (r *searchRequest) thread(s *session, by mail.ThreadBy) (answer, error) {
	if err := r.prepare(s); err != nil {
		return answer{}, err
	}
	box := s.box.mailbox
	within, limit := s.limitCandidates(r.query)
	if limit != "" {
		return answer{}, s.errLimit() // a part of the order would be of no use
	}
	members, err := patiently(s, func(ctx context.Context) ([]mail.ThreadMember, error) {
		return box.Thread(ctx, within, r.query, by)
	})
	if err != nil {
		return answer{}, err
	}
	s.threadLine(members, r.uid)
	return r.answer(), nil
}

// threadLine writes the response of RFC 5256 section 4. Trees may be as deep as
// there are messages, so it keeps its place in them by itself.
func (s *session) threadLine(members []mail.ThreadMember, uid bool) {
	e := s.enc.Raw("* THREAD")
	if len(members) > 0 {
		e.SP()
	}
	// open are the answers that are still to come in the lists that are open,
	// the innermost last. Only members with several answers open a list for each.
	var open []uint32
	begin := true
	for _, m := range members {
		if begin {
			e.Byte('(')
		} else {
			e.SP()
		}
		if m.UID != 0 {
			n := m.UID
			if !uid {
				n, _ = s.box.view.Seq(m.UID)
			}
			e.Number(n)
		}
		switch {
		case m.Replies == 1:
			begin = false
			continue
		case m.Replies > 1:
			if m.UID != 0 {
				e.SP()
			}
			open = append(open, m.Replies)
		default:
			open = s.closeThreads(open)
		}
		begin = true
		if e.Buffered() >= portion {
			e.Flush()
		}
	}
	e.CRLF()
}

// closeThreads ends the list of a member without answers, and those lists around
// it that have come to their end with it.
func (s *session) closeThreads(open []uint32) []uint32 {
	s.enc.Byte(')')
	for n := len(open); n > 0; n-- {
		if open[n-1]--; open[n-1] > 0 {
			break
		}
		open = open[:n-1]
		s.enc.Byte(')')
	}
	return open
}
