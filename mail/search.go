package mail

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"poststube/acl"
	"poststube/message"
	"poststube/search"
	"poststube/uidset"
)

// Search returns those of within that match q (RFC 9051 section 6.4.4). With
// wantModSeq it also finds the largest modseq among them (RFC 7162 section
// 3.1.5).
//
// A condition is evaluated for a whole set of candidates at a time, the cheap
// ones of a conjunction first: flags from bitmaps, then what the message
// records hold, then headers, then texts.
func (b *Mailbox) Search(ctx context.Context, within uidset.Set, q *Query, wantModSeq bool) (Found, error) {
	var found Found
	err := b.view(ctx, "search", acl.Read, func(m *mailbox) error {
		there, err := m.existing(within)
		if err != nil {
			return err
		}
		s := searcher{m: m, ctx: ctx}
		if found.UIDs, err = s.eval(q, there); err != nil || !wantModSeq {
			return err
		}
		return m.each(found.UIDs, 1, false, func(v *visible) (bool, error) {
			found.MaxModSeq = max(found.MaxModSeq, v.modseq)
			return true, nil
		})
	})
	return found, err
}

type searcher struct {
	m   *mailbox
	ctx context.Context
}

// Costs of conditions, by what must be read.
const (
	costSet    = iota // nothing, or bitmaps
	costRecord        // the message record
	costEmail         // what was rendered at arrival
	costText          // the message
)

func (q *Query) cost() int {
	switch q.Op {
	case QAll, QUIDs, QFlag, QRecent, QBefore, QOn, QSince:
		return costSet
	case QAnd, QOr, QNot:
		c := costSet
		for _, sub := range q.Sub {
			c = max(c, sub.cost())
		}
		return c
	case QHeader, QFrom, QTo, QCc, QBcc, QSubject, QSentBefore, QSentOn, QSentSince:
		return costEmail
	case QBody, QText:
		return costText
	}
	return costRecord
}

// eval returns those candidates that match q.
func (s *searcher) eval(q *Query, in uidset.Set) (uidset.Set, error) {
	if in.Empty() {
		return in, nil
	}
	if err := s.m.t.turn.Step(s.ctx); err != nil {
		return in, err
	}
	switch q.Op {
	case QAll:
		return in, nil
	case QUIDs:
		return in.Intersect(q.UIDs), nil
	case QRecent:
		return in.Intersect(uidset.Range(uint32(max(q.Num, 1)), ^uint32(0))), nil
	case QFlag:
		return s.flag(q.Flag, in)
	case QBefore, QOn, QSince:
		return s.days(q, in)
	case QAnd:
		return s.and(q.Sub, in)
	case QOr:
		var out uidset.Set
		for _, sub := range q.Sub {
			hit, err := s.eval(sub, in.Subtract(out))
			if err != nil {
				return out, err
			}
			out = out.Union(hit)
		}
		return out, nil
	case QNot:
		hit, err := s.eval(q.Sub[0], in)
		return in.Subtract(hit), err
	}
	if q.cost() == costRecord {
		return s.records([]*Query{q}, in)
	}
	certain, rest, err := s.indexed(q, in)
	if err != nil || rest.Empty() {
		return certain, err
	}
	look := s.texts
	if q.cost() == costEmail {
		look = s.emails
	}
	hit, err := look(q, rest)
	return certain.Union(hit), err
}

// and narrows the candidates down, cheapest condition first; those that need
// the message record are tested together in one pass.
func (s *searcher) and(list []*Query, in uidset.Set) (uidset.Set, error) {
	var err error
	for cost := costSet; cost <= costText; cost++ {
		var together []*Query
		for _, q := range list {
			if q.cost() != cost {
				continue
			}
			if cost == costRecord && len(q.Sub) == 0 {
				together = append(together, q)
				continue
			}
			if in, err = s.eval(q, in); err != nil {
				return in, err
			}
		}
		if len(together) > 0 {
			if in, err = s.records(together, in); err != nil {
				return in, err
			}
		}
	}
	return in, nil
}

// flag answers from the bitmaps.
func (s *searcher) flag(flag SystemFlags, in uidset.Set) (out uidset.Set, err error) {
	at := slices.Index(systemFlags[:], flag)
	err = s.m.eachBlock(in, 1, func(sp *span) (bool, error) {
		from := sp.b
		if sp.p != nil && s.m.policy.flags&flag != 0 {
			from = sp.p
		}
		hit := sp.bits.and(&from.flags[at])
		hit.appendTo(&out, sp.num)
		return true, nil
	})
	return out, err
}

// days answers from the days between which the messages of a block lie, and looks
// at the records of those blocks only in which some match and some do not.
func (s *searcher) days(q *Query, in uidset.Set) (out uidset.Set, err error) {
	day := dayOf(q.Date)
	from, to := int64(math.MinInt64), int64(math.MaxInt64) // what matches
	switch q.Op {
	case QBefore:
		to = day - 1
	case QOn:
		from, to = day, day
	case QSince:
		from = day
	}
	var look uidset.Set
	err = s.m.eachBlock(in, 1, func(sp *span) (bool, error) {
		switch d := sp.b.days; {
		case d.last < from || d.first > to:
		case d.first >= from && d.last <= to:
			sp.bits.appendTo(&out, sp.num)
		default:
			sp.bits.appendTo(&look, sp.num)
		}
		return true, nil
	})
	if err != nil || look.Empty() {
		return out, err
	}
	hit, err := s.records([]*Query{q}, look)
	return out.Union(hit), err
}

// records tests conditions on the message records.
func (s *searcher) records(list []*Query, in uidset.Set) (out uidset.Set, err error) {
	tests := make([]func(*visible) bool, len(list))
	for i, q := range list {
		if tests[i], err = s.test(q); err != nil {
			return out, err
		}
	}
	err = s.m.each(in, 1, true, func(v *visible) (bool, error) {
		for _, test := range tests {
			if !test(v) {
				return true, nil
			}
		}
		out.Add(v.uid)
		return true, nil
	})
	return out, err
}

// test compiles a condition on the message record.
func (s *searcher) test(q *Query) (func(*visible) bool, error) {
	n := q.Num
	switch q.Op {
	case QKeyword:
		k, ok, err := s.m.keyword(q.Text, false)
		if err != nil || !ok {
			return func(*visible) bool { return false }, err
		}
		return func(v *visible) bool {
			for _, have := range v.keywords {
				if have == k {
					return true
				}
			}
			return false
		}, nil
	case QLarger:
		return func(v *visible) bool { return uint64(v.rec.size) > n }, nil
	case QSmaller:
		return func(v *visible) bool { return uint64(v.rec.size) < n }, nil
	case QModSeq:
		return func(v *visible) bool { return uint64(v.modseq) >= n }, nil
	case QEmailID:
		return func(v *visible) bool { return v.rec.email == n }, nil
	case QThreadID:
		return func(v *visible) bool { return v.rec.thread == n }, nil
	case QYounger:
		since := s.m.t.now.Unix() - int64(n)
		return func(v *visible) bool { return v.rec.internal >= since }, nil
	case QOlder:
		since := s.m.t.now.Unix() - int64(n)
		return func(v *visible) bool { return v.rec.internal <= since }, nil
	}
	day := dayOf(q.Date)
	internal := func(v *visible) int64 { return v.rec.day() }
	saved := func(v *visible) int64 { return floorDay(v.rec.saved) }
	switch q.Op {
	case QBefore:
		return func(v *visible) bool { return internal(v) < day }, nil
	case QOn:
		return func(v *visible) bool { return internal(v) == day }, nil
	case QSince:
		return func(v *visible) bool { return internal(v) >= day }, nil
	case QSavedBefore:
		return func(v *visible) bool { return saved(v) < day }, nil
	case QSavedOn:
		return func(v *visible) bool { return saved(v) == day }, nil
	case QSavedSince:
		return func(v *visible) bool { return saved(v) >= day }, nil
	}
	return nil, fail(Internal, "unknown search condition %d", q.Op)
}

// dayOf numbers the day of a date, without regard to its zone: dates are
// compared as written (RFC 9051 section 6.4.4).
func dayOf(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

func floorDay(seconds int64) int64 {
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	return day
}

// emails tests a condition on what was rendered at arrival.
func (s *searcher) emails(q *Query, in uidset.Set) (out uidset.Set, err error) {
	test, err := s.emailTest(q)
	if err != nil {
		return out, err
	}
	var keys emailKeys
	err = s.m.eachEmail(s.ctx, in, func(v *visible, e emailRecord) error {
		if err := e.keys(&keys); err != nil {
			return err
		}
		hit, err := test(v, &e, &keys)
		if hit {
			out.Add(v.uid)
		}
		return err
	})
	return out, err
}

type emailTest func(v *visible, e *emailRecord, k *emailKeys) (bool, error)

func (s *searcher) emailTest(q *Query) (emailTest, error) {
	day := dayOf(q.Date)
	sent := func(cmp func(int64) bool) emailTest {
		return func(_ *visible, _ *emailRecord, k *emailKeys) (bool, error) {
			return !k.sent.IsZero() && cmp(dayOf(k.sent)), nil
		}
	}
	switch q.Op {
	case QSentBefore:
		return sent(func(d int64) bool { return d < day }), nil
	case QSentOn:
		return sent(func(d int64) bool { return d == day }), nil
	case QSentSince:
		return sent(func(d int64) bool { return d >= day }), nil
	case QFrom:
		return s.header("From", q.Text), nil
	case QTo:
		return s.header("To", q.Text), nil
	case QCc:
		return s.header("Cc", q.Text), nil
	case QBcc:
		return s.header("Bcc", q.Text), nil
	case QSubject:
		return s.header("Subject", q.Text), nil
	case QHeader:
		return s.header(q.Name, q.Text), nil
	}
	return nil, fail(Internal, "unknown search condition %d", q.Op)
}

// header tests whether a field contains a text, both as people read them.
func (s *searcher) header(name, text string) emailTest {
	needle := search.NewNeedle(text)
	covered := []string{name}
	matcher := needle.Matcher()
	return func(_ *visible, e *emailRecord, k *emailKeys) (bool, error) {
		header := k.headers
		if !k.headerSet.CoversAll(covered) {
			raw, err := s.m.t.header(e, k.headerSize)
			if err != nil {
				return false, err
			}
			header = raw
		}
		for f := range message.Fields(header) {
			if f.Is(name) && contains(matcher, message.DecodeHeader(f.Value)) {
				return true, nil
			}
		}
		return false, nil
	}
}

// texts tests a condition on the text of the messages.
func (s *searcher) texts(q *Query, in uidset.Set) (out uidset.Set, err error) {
	scope := message.BodyText
	if q.Op == QText {
		scope = message.AllText
	}
	matcher := search.NewNeedle(q.Text).Matcher()
	err = s.m.eachEmail(s.ctx, in, func(v *visible, e emailRecord) error {
		var msg Message
		if err := e.render(&msg, WantStructure); err != nil {
			return err
		}
		part, err := message.ParseStructure(msg.Structure)
		if err != nil {
			return errRecord
		}
		r, done, err := s.m.t.octets(s.ctx, &e)
		if err != nil {
			return err
		}
		defer done()
		var late error
		err = part.Text(r, scope, func(text []byte) bool {
			late = s.m.t.turn.Step(s.ctx)
			return late == nil && !matcher.Write(text)
		})
		if matcher.End() && late == nil {
			out.Add(v.uid)
		}
		return errors.Join(err, late)
	})
	return out, err
}

// contains tells whether a whole text contains what m looks for.
func contains(m *search.Matcher, text string) bool {
	m.Write([]byte(text))
	return m.End()
}
