package imap

import (
	"context"
	"slices"

	"poststube/imap/wire"
	"poststube/mail"
	"poststube/uidset"
)

// contextSearch is CONTEXT=SEARCH and CONTEXT=SORT of RFC 5267: a client is told
// how the result of a search changes. PARTIAL, the third part of it, is RFC 9394
// now.
func contextSearch() extension {
	return extension{
		name:         "CONTEXT",
		rfc:          "RFC 5267",
		capabilities: always("CONTEXT=SEARCH", "CONTEXT=SORT"),
		results: []searchOption{
			{name: "CONTEXT", read: func(_ *parser, r *searchRequest) { r.hint = true }},
			{name: "UPDATE", read: readUpdate},
		},
		commands: []command{{name: "CANCELUPDATE", states: selected, read: readCancelUpdate}},
	}
}

// readUpdate reads UPDATE, with what is to be told of new messages that the search
// finds (RFC 5465 section 7).
func readUpdate(p *parser, r *searchRequest) {
	r.update = true
	if p.TrySPBefore('(') || p.Peek() == '(' {
		r.updateFetch = readNewItems(p)
	}
}

// A searchContext is a search whose changes are told. It ends with the selection
// of its mailbox.
type searchContext struct {
	tag   string
	uid   bool // in UIDs, else in sequence numbers
	query *mail.Query
	found uidset.Set
	fetch *fetchRequest // what of new messages; nil: nothing

	// of SORT
	sorted bool
	keys   []mail.SortKey
	order  []uint32 // found, in order
}

// keepContext has the changes of a search told from now on, if its client asked
// for that and has not asked too often.
func (s *session) keepContext(r *searchRequest, c *searchContext) {
	if !r.update {
		return
	}
	if len(s.box.contexts) >= s.srv.limits.Contexts {
		s.enc.Raw("* NO [NOUPDATE ").String(s.tag).Raw("] Too many searches are updated, CANCELUPDATE one").CRLF()
		return
	}
	c.tag, c.uid, c.query, c.fetch = s.tag, r.uid, r.query, r.updateFetch
	s.box.contexts = append(s.box.contexts, c)
}

// context returns the search with a tag, or nil.
func (b *selection) context(tag string) *searchContext {
	for _, c := range b.contexts {
		if c.tag == tag {
			return c
		}
	}
	return nil
}

// readCancelUpdate reads CANCELUPDATE (RFC 5267 section 4.3.5).
func readCancelUpdate(p *parser) run {
	var tags []string
	for {
		p.SP()
		tags = append(tags, p.AString())
		if p.Err() != nil || p.AtEnd() {
			break
		}
	}
	return func(s *session) (answer, error) {
		for _, tag := range tags {
			if s.box.context(tag) == nil {
				return answer{}, no("CLIENTBUG", "There is no search with the tag %q whose changes are told", tag)
			}
		}
		s.box.contexts = slices.DeleteFunc(s.box.contexts, func(c *searchContext) bool { return slices.Contains(tags, c.tag) })
		return answer{}, nil
	}
}

// withoutVanished tells which results have vanished. It must be called while
// their sequence numbers still hold (section 4.3.4).
func (s *session) withoutVanished(vanished uidset.Set) {
	for _, c := range s.box.contexts {
		s.removeFrom(c, vanished.Intersect(c.found))
	}
}

// updateContexts tells how results have changed because messages have come or
// their flags have changed. Nothing else about a message can change, so no other
// has to be looked at.
func (s *session) updateContexts(touched uidset.Set) error {
	if touched.Empty() {
		return nil
	}
	for _, c := range s.box.contexts {
		hit, err := s.box.mailbox.Search(s.ctx, touched, c.query, false)
		if err != nil {
			return err
		}
		added := hit.UIDs.Subtract(c.found)
		s.removeFrom(c, touched.Subtract(hit.UIDs).Intersect(c.found))
		if err := s.addTo(c, added); err != nil {
			return err
		}
	}
	return nil
}

// addTo adds messages to a result, and says so by ADDTO (section 4.3.3).
func (s *session) addTo(c *searchContext, added uidset.Set) error {
	if added.Empty() {
		return nil
	}
	if !c.sorted {
		c.found = c.found.Union(added)
		s.updateLine(c, "ADDTO").Raw("0 ").Set(s.inNumbers(c, added)).Raw(")\r\n")
		return nil
	}
	order, err := c.sort(s.ctx, s.box.mailbox, c.found.Union(added))
	if err != nil {
		return err
	}
	// What has vanished just now is told here already: the order that the client
	// holds must be the one that positions are counted in.
	there := uidset.Of(order...)
	s.removeFrom(c, c.found.Subtract(there))
	if added = added.Intersect(there); added.Empty() {
		return nil
	}
	c.found, c.order = there, order
	s.updateLine(c, "ADDTO")
	s.positions(c, order, added, func(before int) int { return 0 })
	return nil
}

// sort orders messages by the keys of the context.
func (c *searchContext) sort(ctx context.Context, box *mail.Mailbox, uids uidset.Set) ([]uint32, error) {
	return box.Sort(ctx, uids, &mail.Query{Op: mail.QAll}, c.keys)
}

// removeFrom takes messages out of a result, and says so by REMOVEFROM.
func (s *session) removeFrom(c *searchContext, gone uidset.Set) {
	if gone.Empty() {
		return
	}
	e := s.updateLine(c, "REMOVEFROM")
	c.found = c.found.Subtract(gone)
	if !c.sorted {
		e.Raw("0 ").Set(s.inNumbers(c, gone)).Raw(")\r\n")
		return
	}
	// Each removal moves those behind it up before the next one is counted.
	s.positions(c, c.order, gone, func(before int) int { return before })
	c.order = slices.DeleteFunc(slices.Clone(c.order), gone.Contains)
}

func (s *session) updateLine(c *searchContext, item string) *wire.Encoder {
	e := s.enc.Raw("* ESEARCH (TAG ").String(c.tag).Byte(')')
	if c.uid {
		e.Raw(" UID")
	}
	return e.SP().Raw(item).Raw(" (")
}

// positions writes the places of some messages of a list, with the messages, and
// ends the line. moved tells how far the list has moved up when that many were
// written before.
func (s *session) positions(c *searchContext, list []uint32, some uidset.Set, moved func(before int) int) {
	written := 0
	for i := 0; i < len(list); i++ {
		if !some.Contains(list[i]) {
			continue
		}
		end := i + 1
		for end < len(list) && some.Contains(list[end]) {
			end++
		}
		if written > 0 {
			s.enc.SP()
		}
		numbers := list[i:end]
		if !c.uid {
			numbers = s.sequence(numbers)
		}
		s.enc.Int(i + 1 - moved(written))
		s.orderedSet(numbers, " ")
		written += end - i
		i = end
	}
	s.enc.Raw(")").CRLF()
}

// inNumbers returns messages as the context names them.
func (s *session) inNumbers(c *searchContext, uids uidset.Set) uidset.Set {
	if c.uid {
		return uids
	}
	return s.box.view.Seqs(uids)
}
