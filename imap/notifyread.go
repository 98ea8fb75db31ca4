package imap

import (
	"slices"
	"strings"
)

// readNotify reads NOTIFY (section 8).
func readNotify(p *parser) run {
	n := &notification{}
	p.SP()
	switch p.Label() {
	case "NONE":
		return n.run
	case "SET":
	default:
		p.Expected("SET or NONE")
	}
	p.SP()
	if n.status = p.TryWord("STATUS"); n.status {
		p.SP()
	}
	var seen events
	selected := false
	for {
		p.Special('(')
		g := n.readGroup(p, &selected)
		p.Special(')')
		seen |= g.events
		if !p.TrySP() {
			break
		}
	}
	if seen&unsupported != 0 {
		return func(*session) (answer, error) { return answer{}, badEvent() }
	}
	return n.run
}

// badEvent names the events that are supported (section 3.1).
func badEvent() error {
	var names []string
	for _, e := range eventNames {
		names = append(names, e.text)
	}
	return no("BADEVENT ("+strings.Join(names, " ")+")", "There is no such event here")
}

// readGroup reads an event group without its parentheses.
func (n *notification) readGroup(p *parser, selected *bool) eventGroup {
	var g eventGroup
	var ok bool
	if g.scope, ok = scopes[p.Label()]; !ok {
		p.Expected("a mailbox specifier (RFC 5465 section 6)")
		return g
	}
	if g.scope == scopeSubtree || g.scope == scopeMailboxes {
		p.SP()
		g.names = p.mailboxes()
	}
	p.SP()
	var fetch *fetchRequest
	g.events, fetch = readEvents(p)
	own := g.scope == scopeSelected || g.scope == scopeDelayed
	switch missing := g.events & (messageNew | messageExpunge); {
	case own && g.events&^(messageEvents|unsupported) != 0:
		p.Expected("events of messages only for the selected mailbox (RFC 5465 section 6.1)")
	case own && *selected:
		p.Expected("one of SELECTED and SELECTED-DELAYED only (RFC 5465 section 6.1)")
	case !own && fetch != nil:
		p.Expected("items of FETCH for the selected mailbox only (RFC 5465 section 8)")
	case missing != 0 && missing != messageNew|messageExpunge, missing == 0 && g.events&flagChange != 0:
		p.Expected("MessageNew and MessageExpunge together, and with FlagChange (RFC 5465 section 5)")
	}
	if own {
		*selected = true
		n.selected, n.fetch, n.delayed = g.events, fetch, g.scope == scopeDelayed
	} else {
		n.groups = append(n.groups, g)
	}
	return g
}

// mailboxes reads the name of a mailbox, or a list of them.
func (p *parser) mailboxes() (names []string) {
	if p.Peek() != '(' {
		return []string{p.Mailbox()}
	}
	p.List1(func() { names = append(names, p.Mailbox()) })
	return names
}

// readEvents reads the events of a group, also without the parentheses around
// them that the examples of section 3.1 leave out, and what MessageNew wants of
// each message.
func readEvents(p *parser) (set events, fetch *fetchRequest) {
	read := func() {
		name := strings.ToUpper(p.Atom())
		i := slices.IndexFunc(eventNames, func(e struct {
			name string
			event
		}) bool {
			return e.name == name
		})
		if i < 0 {
			set |= unsupported
			return
		}
		set |= eventNames[i].bit
		if eventNames[i].bit == messageNew && p.TrySPBefore('(') {
			fetch = readNewItems(p)
		}
	}
	if p.TryWord("NONE") {
		return 0, nil
	}
	if p.Peek() == '(' {
		p.List1(read)
		return set, fetch
	}
	read()
	for p.TrySP() {
		read()
	}
	return set, fetch
}

// readNewItems reads what is to be told of each new message.
func readNewItems(p *parser) *fetchRequest {
	r := &fetchRequest{}
	r.numbers.uid = true
	p.List1(func() { readFetchItem(p, r, p.Label()) })
	return r
}
