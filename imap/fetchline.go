package imap

import (
	"slices"
	"time"

	"poststube/mail"
	"poststube/uidset"
)

// A fetcher writes the lines of one FETCH.
type fetcher struct {
	*session
	parts      []fetchPart
	fields     mail.Fields // what of a message the parts need
	flagged    uidset.Set  // told with FLAGS in any case
	withFlags  bool        // FLAGS is among the parts
	withModSeq bool        // MODSEQ goes with each line, without being a part
	askModSeq  bool        // MODSEQ is among the parts

	m      fetched // whose line is being written
	values []value // of the parts, for that line
	lines  int
	// large is a message whose octets are not at hand in its visit. The visit
	// is over then, and its line is written by largeLine.
	large *mail.Message
	err   error // of the first message that could not be told as it was asked for
}

// fetch writes the FETCH responses. flagged are messages whose flags have
// changed by the command itself: they are told with FLAGS. It reports whether
// some message was no longer there.
func (s *session) fetch(r *fetchRequest, uids, flagged uidset.Set) (missing bool, err error) {
	parts := r.parts
	if r.numbers.uid && !r.has("UID") && !s.dialect.uidOnly {
		parts = slices.Insert(slices.Clone(parts), 0, fetchPart{append: appendUIDItem})
	}
	f := fetcher{
		session: s, parts: parts, fields: r.fields, flagged: flagged,
		withFlags: r.has("FLAGS"), askModSeq: r.has("MODSEQ"),
		values: make([]value, len(parts)),
	}
	f.withModSeq = !f.askModSeq && (r.changedSince != 0 || s.dialect.condstore && f.withFlags)
	err = s.portions(uids, &f.fields, s.srv.limits.CommandTime, f.visit, f.largeLine)
	if err == nil {
		err = f.err
	}
	return f.lines < uids.Len(), err
}

// visit writes the line of a message within its visit, or leaves it to
// largeLine.
func (f *fetcher) visit(m *mail.Message) bool {
	if m.Raw == nil && f.needsOctets(m) {
		f.large = m.Clone()
		return false
	}
	if m.Raw != nil && int64(len(m.Raw)) != m.Size {
		f.keep(&mail.Error{Kind: mail.Corrupt, Text: "the octets of a message are damaged in the store"})
		return true
	}
	f.m.reset(m)
	f.line()
	return f.enc.Buffered() < portion
}

// needsOctets tells whether a part needs the octets of a message. If they could
// have been had by asking the engine, they are from now on.
func (f *fetcher) needsOctets(m *mail.Message) bool {
	for i := range f.parts {
		if f.parts[i].octets != nil && f.parts[i].octets(m) {
			f.fields |= mail.WantRaw
			return true
		}
	}
	return false
}

// line writes the line of the message f.m.
func (f *fetcher) line() {
	m := &f.m
	if _, ok := f.box.view.Seq(m.UID); !ok {
		return
	}
	f.lines++
	for i := range f.parts {
		if prepare := f.parts[i].prepare; prepare != nil {
			if err := prepare(m, &f.values[i]); err != nil {
				f.keep(err)
				return
			}
		}
	}
	e := f.enc
	f.fetchHead(m.Message)
	for i := range f.parts {
		if i > 0 {
			e.SP()
		}
		m.value = &f.values[i]
		f.parts[i].append(f.session, m)
	}
	changed := !f.withFlags && f.flagged.Contains(m.UID)
	if changed {
		e.SP()
		f.flags(m.Message)
	}
	if f.withModSeq || changed && f.dialect.condstore && !f.askModSeq {
		e.SP()
		appendModSeq(f.session, m)
	}
	e.Raw(")\r\n")
}

// keep remembers why a message has no line. The others still have theirs.
func (f *fetcher) keep(err error) {
	if f.err == nil && mail.KindOf(err) != mail.NotFound {
		f.err = err
	}
}

// largeLine writes the line of the message that ended the last visits, if one
// has.
func (f *fetcher) largeLine() error {
	if f.large == nil {
		return nil
	}
	f.m.reset(f.large)
	f.large = nil
	var err error
	if f.m.body, err = f.box.mailbox.OpenBody(f.ctx, f.m.UID); err != nil {
		f.keep(err)
		return nil
	}
	f.line()
	if err := f.m.body.Close(); err != nil {
		f.keep(err)
	}
	f.m.body = nil
	return f.enc.Err()
}

// portions visits the messages of uids in ascending order and calls between
// after each bunch of visits, when nothing is held in the engine and the encoder
// may write. want may change from one bunch to the next. It fails with Limit when
// it has worked for longer than limit, unless that is 0, without a portion to send.
func (s *session) portions(uids uidset.Set, want *mail.Fields, limit time.Duration, visit func(*mail.Message) bool, between func() error) error {
	from := uint32(0)
	ctx, turn := s.takeTurn(limit)
	defer s.endTurn()
	for {
		next, err := s.box.mailbox.Messages(ctx, uids, from, *want, visit)
		if err != nil {
			return err
		}
		turn.Pause()
		if err := between(); err != nil {
			return err
		}
		if s.enc.Buffered() >= portion {
			turn.Renew() // the client pays for more by reading this
			// The next portion is read while the client takes this one (docs/decisions/fetch.md).
			if err := s.enc.FlushBehind(line{s}); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		from = next
	}
}
