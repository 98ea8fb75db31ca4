package imap

import (
	"slices"
	"strings"

	"poststube/mail"
)

// listMatch writes the LIST line of a match.
func (s *session) listMatch(r *listRequest, m *match) {
	e := s.enc.Raw("* LIST (")
	first := true
	put := func(attr string) {
		if !first {
			e.SP()
		}
		first = false
		e.Raw(attr)
	}
	switch {
	case m.NonExistent && m.unasked && !s.dialect.rev2:
		put(`\NonExistent \Noselect`) // the client may know only one of them
	case m.NonExistent && (r.extended || s.dialect.rev2):
		put(`\NonExistent`) // implies \Noselect
	case m.NonExistent || m.NoSelect:
		put(`\Noselect`)
	}
	if m.noAccess {
		put(`\NoAccess`) // RFC 5465 section 3.1
	}
	if r.showSubscribed && m.Subscribed {
		put(`\Subscribed`)
	}
	if r.showChildren {
		if m.HasChildren {
			put(`\HasChildren`)
		} else {
			put(`\HasNoChildren`)
		}
	}
	if r.showSpecialUse {
		for _, use := range m.SpecialUse {
			put(use)
		}
	}
	e.Raw(`) "/" `).Mailbox(m.Name)
	if m.childInfo {
		r.childInfo(s)
	}
	if m.oldName != "" { // RFC 9051 section 6.3.9.7
		e.Raw(` ("OLDNAME" (`).Mailbox(m.oldName).Raw("))")
	}
	e.Raw("\r\n")
}

// childInfo writes the extended item that names the selection options which
// names below meet (RFC 9051 section 6.3.9.6).
func (r *listRequest) childInfo(s *session) {
	var options []string
	if r.subscribed {
		options = append(options, `"SUBSCRIBED"`)
	}
	if r.specialUse {
		options = append(options, `"SPECIAL-USE"`)
	}
	s.enc.Raw(` ("CHILDINFO" (`).Raw(strings.Join(options, " ")).Raw("))")
}

// listLine writes a LIST line that no LIST has asked for.
func (s *session) listLine(info mail.Info) {
	s.listMatch(&listRequest{extended: true, showSpecialUse: true}, &match{Info: &info})
}

// mergeSubscriptions adds to the mailboxes, which are sorted, the subscribed
// names without a mailbox.
func mergeSubscriptions(infos []mail.Info, subs []string) []mail.Info {
	known := make(map[string]bool, len(infos))
	for i := range infos {
		known[infos[i].Name] = true
	}
	// A name that only holds others can be subscribed too.
	missing := slices.DeleteFunc(slices.Clone(subs), func(name string) bool { return known[name] })
	if len(missing) == 0 {
		return infos
	}
	out := slices.Clone(infos)
	for _, name := range missing {
		out = append(out, mail.Info{Name: name, NonExistent: true, Subscribed: true})
	}
	slices.SortStableFunc(out, func(a, b mail.Info) int { return compareNames(a.Name, b.Name) })
	return out
}

// compareNames orders names by hierarchy, INBOX first: the separator comes
// before every other octet.
func compareNames(a, b string) int {
	if ia, ib := isInbox(a), isInbox(b); ia != ib {
		if ia {
			return -1
		}
		return 1
	}
	for i := 0; i < len(a) && i < len(b); i++ {
		switch {
		case a[i] == b[i]:
		case a[i] == hierarchySeparator:
			return -1
		case b[i] == hierarchySeparator:
			return 1
		default:
			return int(a[i]) - int(b[i])
		}
	}
	return len(a) - len(b)
}

func isInbox(name string) bool {
	first, _, _ := strings.Cut(name, string(hierarchySeparator))
	return first == inbox
}
