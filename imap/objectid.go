package imap

import (
	"poststube/mail"
	"poststube/uidset"
)

// objectID is RFC 8474: names of mailboxes, messages and threads that stay when
// they are moved.
func objectID() extension {
	return extension{
		name:         "OBJECTID",
		rfc:          "RFC 8474",
		capabilities: always("OBJECTID"),
		fetch: []fetchItem{
			simpleItem("EMAILID", 0, func(s *session, m *fetched) {
				s.enc.Raw("EMAILID (").Raw(s.objectID(emailID, m.EmailID)).Byte(')')
			}),
			simpleItem("THREADID", 0, func(s *session, m *fetched) {
				if m.ThreadID == 0 {
					s.enc.Raw("THREADID NIL")
					return
				}
				s.enc.Raw("THREADID (").Raw(s.objectID(threadID, m.ThreadID)).Byte(')')
			}),
		},
		search: []searchKey{objectKey("EMAILID", emailID, mail.QEmailID), objectKey("THREADID", threadID, mail.QThreadID)},
		status: []statusItem{{name: "MAILBOXID", append: func(s *session, dst []byte, st *mail.Status) []byte {
			dst = append(append(dst, '('), s.mailboxID(st.ID)...)
			return append(dst, ')')
		}}},
	}
}

// Kinds of object ids.
const (
	emailID   = 'E'
	mailboxID = 'M'
	threadID  = 'T'
)

// objectID returns the id of an email or a thread of the selected mailbox.
func (s *session) objectID(kind byte, n uint64) string {
	return s.srv.engine.ObjectID(kind, s.box.mailbox.ID().Owner, n)
}

// mailboxID returns the id of a mailbox.
func (s *session) mailboxID(id mail.MailboxID) string {
	return s.srv.engine.ObjectID(mailboxID, id.Owner, uint64(id.Num))
}

// mailboxIDCode is the code that CREATE and SELECT answer (RFC 8474 sections
// 4.1 and 4.2).
func (s *session) mailboxIDCode(id mail.MailboxID) string {
	return "MAILBOXID (" + s.mailboxID(id) + ")"
}

// objectKey is a search key for the messages with an id. An id that the server
// has not given matches none.
func objectKey(name string, kind byte, op mail.QueryOp) searchKey {
	return searchKey{name: name, read: func(p *parser, r *searchRequest) *mail.Query {
		p.SP()
		id := p.AString()
		q := &mail.Query{Op: op}
		r.later(func(s *session) error {
			owner, n, ok := s.srv.engine.ParseObjectID(kind, id)
			if !ok || owner != s.box.mailbox.ID().Owner {
				*q = mail.Query{Op: mail.QUIDs, UIDs: uidset.Set{}}
				return nil
			}
			q.Num = n
			return nil
		})
		return q
	}}
}
