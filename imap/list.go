package imap

import (
	"slices"

	"poststube/mail"
)

// list is the command of RFC 9051 section 6.3.9, in its basic and its extended
// form (RFC 5258).
func list() command {
	return command{name: "LIST", states: loggedIn, read: readList}
}

// A listRequest is a LIST.
type listRequest struct {
	reference string
	patterns  []string // canonical, see canonicalPattern
	extended  bool     // options or several patterns were given

	// Selection options, and the attributes and items to be returned.
	subscribed, specialUse, remote, recursive    bool
	showSubscribed, showChildren, showSpecialUse bool
	status                                       []statusItem
	// lines are written behind the LIST line of each mailbox that exists and
	// meets the selection options (RFC 8440, RFC 9590).
	lines []func(s *session, m *match) error
}

// A listSelection is a selection option of LIST (RFC 9051 section 6.3.9.1).
type listSelection struct {
	name string // in capitals
	set  func(r *listRequest)
}

// A listReturn is a return option of LIST (section 6.3.9.2).
type listReturn struct {
	name string // in capitals
	read func(p *parser, r *listRequest)
}

func readList(p *parser) run {
	r := &listRequest{}
	p.SP()
	if p.TryList(func() {
		o, ok := p.choose[p.Label()]
		if !ok {
			p.Expected("a selection option of LIST that the server knows")
			return
		}
		o.set(r)
	}) {
		r.extended = true
		p.SP()
	}
	r.reference = p.ListMailbox()
	p.SP()
	r.extended = r.extended || p.Peek() == '('
	r.patterns = p.Patterns()
	if p.TrySP() {
		r.extended = true
		p.Word("RETURN")
		p.SP()
		p.List(func() {
			o, ok := p.returns[p.Label()]
			if !ok {
				p.Expected("a return option of LIST that the server knows")
				return
			}
			o.read(p, r)
		})
	}
	if r.recursive && !r.subscribed && !r.specialUse {
		p.Expected("a selection option to which RECURSIVEMATCH can refer (RFC 9051 section 6.3.9.1)")
	}
	return r.run
}

func (r *listRequest) run(s *session) (answer, error) {
	if !r.extended && r.patterns[0] == "" {
		// The question for the separator (RFC 9051 section 6.3.9).
		s.enc.Raw(`* LIST (\Noselect) "/" ""`).CRLF()
		return answer{}, nil
	}
	s.enableBy(r.status)
	for i := range r.patterns {
		r.patterns[i] = canonicalPattern(r.reference, r.patterns[i])
	}
	// The basic form tells what costs nothing to tell.
	if !r.extended {
		r.showChildren, r.showSpecialUse = true, true
	}
	r.showSubscribed = r.showSubscribed || r.subscribed
	r.showSpecialUse = r.showSpecialUse || r.specialUse
	names, err := s.names(r.subscribed, slices.Contains(r.patterns, "*"))
	if err != nil {
		return answer{}, err
	}
	if len(r.status) > 0 {
		var matches []match
		err := s.choose(r, names, func(m *match) error {
			matches = append(matches, *m)
			return nil
		})
		if err != nil {
			return answer{}, err
		}
		return answer{}, s.listWithStatus(r, matches)
	}
	return answer{}, s.choose(r, names, func(m *match) error { return s.listWithLines(r, m) })
}

// A match is a name that LIST returns.
type match struct {
	*mail.Info
	// selected: it meets the selection options itself. Otherwise it is there
	// because a name below does.
	selected bool
	// childInfo: some name below meets the selection options.
	childInfo bool
	unasked   bool   // the line answers no LIST
	oldName   string // what the mailbox was called until now, if that is told
	noAccess  bool   // the user may not know what NOTIFY asks for
}

// names are all names that a LIST can return, in order: the mailboxes and, if
// asked for, names that are subscribed although there is no such mailbox. all:
// the client will know all mailboxes then.
func (s *session) names(subscribed, all bool) ([]mail.Info, error) {
	infos, err := s.mailboxes(all && !subscribed)
	if err != nil || !subscribed {
		return infos, err
	}
	subs, err := s.user.Subscriptions(s.ctx)
	if err != nil {
		return nil, err
	}
	return mergeSubscriptions(infos, subs), nil
}

// choose visits the names that match the patterns and the selection options (RFC
// 9051 section 6.3.9.3). The match is the same one each time, with other content.
// What is written is sent in portions. Many patterns with many wildcards against
// many names are bounded by CommandTime.
func (s *session) choose(r *listRequest, names []mail.Info, visit func(*match) error) error {
	ctx, turn := s.takeTurn(s.srv.limits.CommandTime)
	defer s.endTurn()
	work := 0 // since the last step
	hit := func(name string) (bool, error) {
		for _, p := range r.patterns {
			if work += 256 + len(p); work >= 4096 {
				work = 0
				if err := turn.Step(ctx); err != nil {
					return false, err
				}
			}
			if matchPattern(p, name) {
				return true, nil
			}
		}
		return false, nil
	}
	var below map[string]descendants
	if r.recursive {
		var err error
		if below, err = r.descendants(names, hit); err != nil {
			return err
		}
	}
	m := new(match)
	for i := range names {
		info := &names[i]
		if ok, err := hit(info.Name); err != nil {
			return err
		} else if !ok {
			continue
		}
		*m = match{Info: info, selected: r.meets(info)}
		d := below[info.Name]
		m.childInfo = d.selected
		if m.selected || d.hidden {
			if err := visit(m); err != nil {
				return err
			}
		}
		if s.enc.Buffered() >= portion {
			turn.Renew() // the client pays for more by reading this
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// meets tells whether a name meets the selection options. REMOTE changes
// nothing: all mailboxes are here.
func (r *listRequest) meets(info *mail.Info) bool {
	return (!r.subscribed || info.Subscribed) && (!r.specialUse || len(info.SpecialUse) > 0)
}

// descendants tells of a name what is below it.
type descendants struct {
	selected bool // one that meets the selection options
	hidden   bool // one such that does not match the patterns, so that only CHILDINFO tells of it
}

// descendants finds out what is below the names that don't meet the selection
// options themselves, or do.
func (r *listRequest) descendants(names []mail.Info, hit func(string) (bool, error)) (map[string]descendants, error) {
	below := make(map[string]descendants)
	for i := range names {
		name := names[i].Name
		if !r.meets(&names[i]) {
			continue
		}
		ok, err := hit(name)
		if err != nil {
			return nil, err
		}
		hidden := !ok
		for j := len(name) - 1; j > 0; j-- {
			if name[j] != hierarchySeparator {
				continue
			}
			d := below[name[:j]]
			d.selected, d.hidden = true, d.hidden || hidden
			below[name[:j]] = d
		}
	}
	return below, nil
}

// listWithStatus writes each LIST line and, if the mailbox can be selected and
// meets the selection options, its STATUS line behind it (RFC 5819). A mailbox
// that can no longer be read then is \Noselect.
func (s *session) listWithStatus(r *listRequest, matches []match) error {
	var infos []mail.Info
	var at []int
	for i := range matches {
		if m := &matches[i]; m.selected && !m.NonExistent && !m.NoSelect {
			infos = append(infos, *m.Info)
			at = append(at, i)
		}
	}
	next := 0
	var failed error
	flush := func(before int) {
		for ; next < before && failed == nil; next++ {
			if m := &matches[next]; m.selected && !m.NonExistent {
				m.NoSelect = true // left out by Statuses
			}
			failed = s.listWithLines(r, &matches[next])
		}
	}
	err := s.user.Statuses(s.ctx, infos, wanted(r.status), func(i int, st mail.Status) {
		if flush(at[i]); failed != nil {
			return
		}
		m := &matches[next]
		next++
		s.listMatch(r, m)
		s.statusLine(m.Name, r.status, &st)
		failed = s.matchLines(r, m)
	})
	if err != nil {
		return err
	}
	flush(len(matches))
	return failed
}

// listWithLines writes the LIST line of a match and what was asked for beside
// it.
func (s *session) listWithLines(r *listRequest, m *match) error {
	s.listMatch(r, m)
	return s.matchLines(r, m)
}

// matchLines writes what was asked for beside the LIST line of a match. Names
// without a mailbox, and those that are only there for what is below them, have
// nothing of that.
func (s *session) matchLines(r *listRequest, m *match) error {
	if !m.selected || m.NonExistent {
		return nil
	}
	for _, line := range r.lines {
		if err := line(s, m); err != nil {
			return err
		}
	}
	return nil
}
