package imap

// create is the command of RFC 9051 section 6.3.4.
func create() command {
	return command{name: "CREATE", states: loggedIn, read: readCreate}
}

// A createRequest is a CREATE with its parameters (RFC 4466 section 2.2).
type createRequest struct {
	mailbox    string
	given      string // the same, not normalized
	specialUse []string
}

// A createParam is a parameter of CREATE.
type createParam struct {
	name string // in capitals
	read func(p *parser, r *createRequest)
}

func readCreate(p *parser) run {
	p.SP()
	r := new(createRequest)
	r.mailbox, r.given = p.MailboxGiven()
	if p.TrySP() {
		p.List1(func() {
			param, ok := p.create[p.Label()]
			if !ok {
				p.Expected("a parameter of CREATE that the server knows")
				return
			}
			param.read(p, r)
		})
	}
	return func(s *session) (answer, error) {
		info, err := s.user.Create(s.ctx, trimSeparator(r.mailbox), r.specialUse)
		if err != nil {
			return answer{}, err
		}
		s.live.created(&info)
		if r.given != r.mailbox {
			err = s.tellNormal(info.Name, trimSeparator(r.given))
		}
		return answer{code: s.mailboxIDCode(info.ID)}, err
	}
}

// trimSeparator removes the separator with which a client may say that it wants
// to create names below (RFC 9051 section 6.3.4).
func trimSeparator(name string) string {
	if n := len(name); n > 1 && name[n-1] == hierarchySeparator {
		return name[:n-1]
	}
	return name
}
