package imap

import (
	"strings"

	"poststube/acl"
	"poststube/imap/wire"
	"poststube/mail"
)

// accessControl is RFC 4314. Who may do what is decided by package mail; here
// rights and identifiers only get their form.
func accessControl() extension {
	return extension{
		name: "ACL",
		rfc:  "RFC 4314",
		// Rights of RFC 2086 and digits must not be in RIGHTS= (section 2.2).
		capabilities: always("ACL", "RIGHTS="+acl.Capability),
		commands: []command{
			{name: "SETACL", states: loggedIn, read: readSetACL},
			{name: "DELETEACL", states: loggedIn, read: readDeleteACL},
			{name: "GETACL", states: loggedIn, read: readGetACL},
			{name: "LISTRIGHTS", states: loggedIn, read: readListRights},
			{name: "MYRIGHTS", states: loggedIn, read: readMyRights},
		},
	}
}

// An identifier is an access identifier as a client has written it.
type identifier struct {
	acl.Identifier
	text string
}

// readIdentifier reads an identifier. One that can't be is refused with BAD,
// before anybody looks at the mailbox (RFC 4314 section 3).
func readIdentifier(p *parser) identifier {
	p.SP()
	id := identifier{text: p.AString()}
	if p.Err() != nil {
		return id
	}
	var err error
	if id.Identifier, err = acl.ParseIdentifier(id.text); err != nil {
		p.Fail(&wire.Error{Kind: wire.Syntax, Text: err.Error()})
	}
	return id
}

// heed remembers how the client writes groups, to answer in the same form:
// Roundcube knows them by "group:", SOGo by "$", and either takes what is
// written otherwise for a person.
func (s *session) heed(id identifier) {
	if id.Kind != acl.Group {
		return
	}
	s.groupPrefix = acl.GroupPrefix
	if strings.HasPrefix(strings.TrimPrefix(id.text, "-"), acl.DollarPrefix) {
		s.groupPrefix = acl.DollarPrefix
	}
}

// groupForm is what stands before the name of a group.
func (s *session) groupForm() string {
	if s.groupPrefix == "" {
		return acl.GroupPrefix
	}
	return s.groupPrefix
}

// readSetACL reads SETACL (section 3.1).
func readSetACL(p *parser) run {
	mailbox := readMailboxName(p)
	id := readIdentifier(p)
	p.SP()
	text := p.AString()
	var mod acl.Modification
	if p.Err() == nil {
		var err error
		if mod, err = acl.ParseModification(text, acl.Supported); err != nil {
			p.Fail(&wire.Error{Kind: wire.Syntax, Text: err.Error()})
		}
	}
	return func(s *session) (answer, error) {
		s.heed(id)
		return answer{}, s.user.SetACL(s.ctx, mailbox, id.Identifier, mod)
	}
}

// readDeleteACL reads DELETEACL (section 3.2).
func readDeleteACL(p *parser) run {
	mailbox := readMailboxName(p)
	id := readIdentifier(p)
	return func(s *session) (answer, error) {
		s.heed(id)
		return answer{}, s.user.DeleteACL(s.ctx, mailbox, id.Identifier)
	}
}

// readGetACL reads GETACL (section 3.3).
func readGetACL(p *parser) run {
	mailbox := readMailboxName(p)
	return func(s *session) (answer, error) {
		list, err := s.user.ACL(s.ctx, mailbox)
		if err != nil {
			return answer{}, err
		}
		s.aclLine(mailbox, list)
		return answer{}, nil
	}
}

// aclLine writes an ACL response (section 3.6): the entries that hold at the
// mailbox, those of mailboxes above it too.
func (s *session) aclLine(mailbox string, list []mail.ACLEntry) {
	s.enc.Raw("* ACL ").Mailbox(mailbox)
	for _, e := range list {
		s.enc.SP().AString(e.Identifier.Format(s.groupForm())).SP().AString(e.Rights.String())
	}
	s.enc.CRLF()
}

// readListRights reads LISTRIGHTS (section 3.4). The identifier is answered as
// the client has written it.
func readListRights(p *parser) run {
	mailbox := readMailboxName(p)
	id := readIdentifier(p)
	return func(s *session) (answer, error) {
		s.heed(id)
		g, err := s.user.ListRights(s.ctx, mailbox, id.Identifier)
		if err != nil {
			return answer{}, err
		}
		s.enc.Raw("* LISTRIGHTS ").Mailbox(mailbox).SP().AString(id.text).SP().AString(g.Required())
		for _, group := range g.Groups() {
			s.enc.SP().Raw(group)
		}
		s.enc.CRLF()
		return answer{}, nil
	}
}

// readMyRights reads MYRIGHTS (section 3.5).
func readMyRights(p *parser) run {
	mailbox := readMailboxName(p)
	return func(s *session) (answer, error) {
		r, err := s.user.MyRights(s.ctx, mailbox)
		if err != nil {
			return answer{}, err
		}
		s.myRightsLine(mailbox, r)
		return answer{}, nil
	}
}

// myRightsLine writes a MYRIGHTS response (section 3.8). Like all lines of LIST
// it is sent later, see messages: a snapshot may be held.
func (s *session) myRightsLine(mailbox string, r acl.Rights) {
	s.enc.Raw("* MYRIGHTS ").Mailbox(mailbox).SP()
	if r == acl.None {
		s.enc.Raw(`""`)
	} else {
		s.enc.Append(r.Append)
	}
	s.enc.Raw("\r\n")
}
