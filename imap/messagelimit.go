package imap

import (
	"math"
	"strconv"

	"poststube/imap/wire"
	"poststube/mail"
	"poststube/uidset"
)

// messageLimit is RFC 9738: a bound on how many messages one command works on.
// It is off, and not announced, unless Limits.MessageLimit says otherwise: clients
// that don't know it see only the newest messages.
func messageLimit() extension {
	return extension{
		name: "MESSAGELIMIT",
		rfc:  "RFC 9738",
		capabilities: func(s *session) []string {
			if s.srv.limits.MessageLimit == 0 {
				return nil
			}
			return []string{"MESSAGELIMIT=" + strconv.Itoa(s.srv.limits.MessageLimit)}
		},
		search: []searchKey{
			uidRangeKey("UIDAFTER", func(n uint32) uidset.Set {
				if n == math.MaxUint32 {
					return uidset.Set{}
				}
				return uidset.Range(n+1, math.MaxUint32)
			}),
			uidRangeKey("UIDBEFORE", func(n uint32) uidset.Set {
				if n == 1 {
					return uidset.Set{}
				}
				return uidset.Range(1, n-1)
			}),
		},
	}
}

// uidRangeKey is a search key for the UIDs on one side of another.
func uidRangeKey(name string, side func(uint32) uidset.Set) searchKey {
	return searchKey{name: name, read: func(p *parser, _ *searchRequest) *mail.Query {
		p.SP()
		return &mail.Query{Op: mail.QUIDs, UIDs: side(p.NZNumber())}
	}}
}

// limited returns those of uids that a command may work on: the highest ones.
// Where that are not all, code says so, and how far down they reach.
func (s *session) limited(uids uidset.Set) (some uidset.Set, code string) {
	if !s.overLimit(uids.Len()) {
		return uids, ""
	}
	limit := s.srv.limits.MessageLimit
	newest := page{first: 1, last: uint32(limit), fromEnd: true}
	some = newest.of(uids)
	return some, limitCode(limit) + " " + strconv.FormatUint(uint64(some.Min()), 10)
}

// overLimit tells whether n messages are more than one command works on.
func (s *session) overLimit(n int) bool {
	limit := s.srv.limits.MessageLimit
	return limit > 0 && n > limit
}

func limitCode(limit int) string { return "MESSAGELIMIT " + strconv.Itoa(limit) }

// limitPage refuses a page that is longer than the limit (RFC 9738 section 3.4).
func (s *session) limitPage(pg *page) error {
	if pg == nil || !s.overLimit(pg.span()) {
		return nil
	}
	return s.errLimit()
}

// errLimit refuses what can't be done in parts.
func (s *session) errLimit() error {
	limit := s.srv.limits.MessageLimit
	return no(limitCode(limit), "One command works on at most %d messages, name fewer", limit)
}

// limitCandidates narrows a search down to the messages that it may look at.
// Conditions that name UIDs are taken out first, so that a client can go on
// below those that were looked at.
func (s *session) limitCandidates(q *mail.Query) (within uidset.Set, code string) {
	within = s.box.all()
	if !s.overLimit(within.Len()) {
		return within, ""
	}
	conditions := []*mail.Query{q}
	if q.Op == mail.QAnd {
		conditions = q.Sub
	}
	for _, c := range conditions {
		if c.Op == mail.QUIDs {
			within = within.Intersect(c.UIDs)
		}
	}
	return s.limited(within)
}

// tellLimit gives the answer the code for a command that was done in part. Where
// another one stands already it is told beside it (RFC 9738 section 3.1.1, for
// EXPUNGEISSUED).
func (s *session) tellLimit(ans *answer, code string) {
	switch {
	case code == "":
	case ans.code == "":
		ans.code = code
	default:
		s.enc.Untagged(wire.NO, code, "Not all messages were worked on")
	}
}
