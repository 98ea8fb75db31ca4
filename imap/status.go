package imap

import (
	"strconv"

	"poststube/mail"
)

// status is the command of RFC 9051 section 6.3.11.
func status() command {
	return command{name: "STATUS", states: loggedIn, read: readStatus}
}

// A statusItem is something that STATUS can be asked for.
type statusItem struct {
	name      string // in capitals
	want      mail.StatusFields
	append    func(s *session, dst []byte, st *mail.Status) []byte
	condstore bool // asking for it enables CONDSTORE
}

func baseStatusItems() []statusItem {
	number := func(name string, want mail.StatusFields, get func(*mail.Status) uint32) statusItem {
		return statusItem{name: name, want: want, append: func(_ *session, dst []byte, st *mail.Status) []byte {
			return strconv.AppendUint(dst, uint64(get(st)), 10)
		}}
	}
	return []statusItem{
		number("MESSAGES", 0, func(st *mail.Status) uint32 { return st.Exists }),
		number("RECENT", mail.WantRecent, func(st *mail.Status) uint32 { return st.Recent }), // RFC 3501
		number("UIDNEXT", 0, func(st *mail.Status) uint32 { return st.UIDNext }),
		number("UIDVALIDITY", 0, func(st *mail.Status) uint32 { return st.UIDValidity }),
		number("UNSEEN", mail.WantUnseen, func(st *mail.Status) uint32 { return st.Unseen }),
		number("DELETED", 0, func(st *mail.Status) uint32 { return st.Deleted }),
	}
}

// statusSize is RFC 8438, part of IMAP4rev2.
func statusSize() extension {
	return extension{
		name:         "STATUS=SIZE",
		rfc:          "RFC 8438",
		capabilities: always("STATUS=SIZE"),
		status: []statusItem{{name: "SIZE", append: func(_ *session, dst []byte, st *mail.Status) []byte {
			return strconv.AppendInt(dst, st.Size, 10)
		}}},
	}
}

// readStatusItems reads the list of items of STATUS, or of LIST RETURN (STATUS).
func readStatusItems(p *parser) []statusItem {
	var items []statusItem
	p.List1(func() {
		item, ok := p.status[p.Label()]
		if !ok {
			p.Expected("a status item that the server knows")
			return
		}
		items = append(items, item)
	})
	return items
}

func readStatus(p *parser) run {
	p.SP()
	name := p.Mailbox()
	p.SP()
	items := readStatusItems(p)
	return func(s *session) (answer, error) {
		s.enableBy(items)
		st, err := s.user.Status(s.ctx, name, wanted(items))
		if err == nil {
			s.statusLine(name, items, &st)
		}
		return answer{}, err
	}
}

// enableBy enables CONDSTORE if one of the items does.
func (s *session) enableBy(items []statusItem) {
	for i := range items {
		if items[i].condstore {
			s.dialect.condstore = true
		}
	}
}

// wanted tells what the items need.
func wanted(items []statusItem) (want mail.StatusFields) {
	for i := range items {
		want |= items[i].want
	}
	return want
}

// statusLine writes a STATUS response.
func (s *session) statusLine(name string, items []statusItem, st *mail.Status) {
	s.enc.Raw("* STATUS ").Mailbox(name).Raw(" (")
	for i := range items {
		if i > 0 {
			s.enc.SP()
		}
		s.enc.Raw(items[i].name).SP().Append(func(dst []byte) []byte { return items[i].append(s, dst, st) })
	}
	s.enc.Raw(")\r\n")
}
