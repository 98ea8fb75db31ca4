package imap

import (
	"errors"
	"strings"
	"time"

	"poststube/imap/wire"
)

// command reads and runs one command. The decoder is at its tag.
func (s *session) command() {
	began := time.Now()
	s.result = OK
	name := ""
	if c := s.execute(); c != nil {
		name = c.name
	}
	s.srv.onCommand(name, s.result, time.Since(began))
}

// execute does the work of command, and returns which it was; nil for none.
func (s *session) execute() *command {
	s.speak()
	s.bound()
	p := &parser{Decoder: s.dec, tables: s.srv.tables}
	s.tag = p.Tag()
	c, do := s.read(p)
	if err := p.Err(); err != nil {
		s.refuse(c, err)
		return c
	}
	var ans answer
	var err error
	if c.heavy && s.srv.tight() {
		err = errTight()
	} else {
		ans, err = do(s)
	}
	if errors.As(err, new(*wire.Error)) {
		// The run has read more from the client, and that went wrong.
		s.refuse(c, err)
		return c
	}
	s.finish(c, ans, err)
	return c
}

// read reads a command up to its end.
func (s *session) read(p *parser) (*command, run) {
	p.SP()
	name := p.Keyword()
	if name == "UID" {
		p.SP()
		name += " " + p.Keyword()
	}
	if p.Err() != nil {
		return nil, nil
	}
	c, ok := p.commands[name]
	switch {
	case !ok || s.hidesAll(c.extension):
		p.Fail(&wire.Error{Kind: wire.Syntax, Text: "there is no such command"})
		return nil, nil
	case c.states&s.in == 0:
		p.Fail(&wire.Error{Kind: wire.Syntax, Text: c.name + " is allowed " + c.states.String() + " only"})
		return nil, nil
	case s.dialect.uidOnly && p.byNumber(name):
		p.Fail(&wire.Error{Kind: wire.Syntax, Code: "UIDREQUIRED", Text: "it is UID " + name + " after ENABLE UIDONLY"})
		return c, nil
	}
	do := c.read(p)
	if !c.streams {
		p.CRLF()
	}
	return c, do
}

// refuse answers a command that could not be read.
func (s *session) refuse(c *command, err error) {
	var e *wire.Error
	if !errors.As(err, &e) || e.Kind == wire.IO {
		return // serve sees it again
	}
	if e.Fatal {
		return // serve says BYE
	}
	f := &failure{bad: e.Kind == wire.Syntax, code: e.Code, text: sentence(e.Error())}
	if c != nil {
		f.text = c.name + ": " + f.text
	}
	s.complain(f)
	if e.Kind != wire.Name {
		s.countBad()
	}
}

// countBad ends a session whose client does not speak IMAP.
func (s *session) countBad() {
	s.bad++
	limit := s.srv.limits.BadCommands
	if s.in == notAuthenticated {
		limit = s.srv.limits.LoginBadCommands
	}
	if s.bad >= limit && s.in != ended {
		s.bye("LIMIT", "Too many commands that make no sense")
	}
}

// complain writes a NO or BAD.
func (s *session) complain(f *failure) {
	status := wire.NO
	s.result = NO
	if f.bad {
		status, s.result = wire.BAD, BAD
	}
	s.enc.Tagged(s.tag, status, f.code, f.text)
}

// finish says what has changed meanwhile, and then how the command went.
func (s *session) finish(c *command, ans answer, err error) {
	if s.in == ended && !c.last {
		return // BYE was the last word
	}
	if !c.quiet {
		how := ans.how
		how.keepNumbers = how.keepNumbers || c.sequence
		if err == nil {
			how.answer = &ans // a NO has a code of its own
		}
		if serr := s.sync(how); err == nil {
			err = serr
		}
		if s.in == ended {
			return
		}
	}
	if err != nil {
		f := asFailure(err)
		s.complain(f)
		if f.bad {
			s.countBad()
		}
		return
	}
	if ans.done {
		return
	}
	if ans.text == "" {
		ans.text = strings.ToUpper(c.name) + " completed"
	}
	s.enc.Tagged(s.tag, wire.OK, ans.code, ans.text)
}
