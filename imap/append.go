package imap

import (
	"context"
	"io"
	"time"

	"poststube/imap/wire"
	"poststube/mail"
)

// appendMessage is the command of RFC 9051 section 6.3.12. With several
// messages it is MULTIAPPEND (RFC 3502).
func appendMessage() command {
	return command{name: "APPEND", states: loggedIn, streams: true, heavy: true, read: readAppend}
}

// An appendItem is a message of APPEND: what is said before its octets.
type appendItem struct {
	flags    mail.Flags
	date     time.Time // zero: now
	literal  wire.Literal
	utf8     bool // in "UTF8 (…)", RFC 6855 section 4
	catenate bool // of parts, RFC 4469; the first of them is next
}

// readAppend reads the mailbox and the first message up to its octets; the run
// reads the rest, message by message.
func readAppend(p *parser) run {
	p.SP()
	mailbox := p.Mailbox()
	p.SP()
	first := readAppendItem(p)
	return func(s *session) (answer, error) { return s.append(p, mailbox, first) }
}

// readAppendItem reads flags, date and the announcement of a literal.
func readAppendItem(p *parser) appendItem {
	var it appendItem
	if p.Peek() == '(' {
		it.flags = parseFlags(p, p.FlagList())
		p.SP()
	}
	if p.Peek() == '"' {
		it.date = p.DateTime()
		p.SP()
	}
	if p.TryWord("CATENATE") {
		it.catenate = true
		p.SP()
		p.Special('(')
		return it
	}
	if p.TryWord("UTF8") {
		it.utf8 = true
		p.SP()
		p.Special('(')
	}
	it.literal = p.Literal()
	return it
}

// readAppendEnd reads what follows a message: another one, or the end.
func readAppendEnd(p *parser, it appendItem) (next appendItem, more bool) {
	if it.utf8 {
		p.Special(')')
	}
	if !p.TrySP() {
		p.CRLF()
		return appendItem{}, false
	}
	next = readAppendItem(p)
	return next, p.Err() == nil
}

// maxHeld is how many octets the messages of one APPEND may take in memory
// together: large ones lie on disk meanwhile.
const maxHeld = 4 << 20

// append takes the messages from the client, each out of any lock, and then puts
// all of them into the mailbox in one go, or none.
func (s *session) append(p *parser, mailbox string, it appendItem) (answer, error) {
	if err := s.canAppend(mailbox, it); err != nil {
		return answer{}, err
	}
	var msgs []mail.NewMessage
	defer func() {
		for i := range msgs {
			msgs[i].Upload.Discard()
		}
	}()
	ctx, _ := s.takeTurn(0)
	defer s.endTurn()
	held := int64(0)
	for more := true; more; {
		if len(msgs) > 0 && s.srv.tight() {
			return answer{}, errTight()
		}
		msg, err := s.upload(ctx, p, it)
		if err != nil {
			return answer{}, err
		}
		if held += msg.Upload.Held(); held > maxHeld {
			msg.Upload.Discard()
			return answer{}, no("LIMIT", "The messages of one APPEND are too many, send them by several")
		}
		if msgs = append(msgs, msg); s.overLimit(len(msgs)) {
			return answer{}, s.errLimit()
		}
		it, more = readAppendEnd(p, it)
	}
	if err := p.Err(); err != nil {
		return answer{}, err
	}
	appended, err := s.user.Append(s.ctx, mailbox, msgs)
	if err != nil {
		return answer{}, err
	}
	return answer{code: appendUID(appended), how: syncing{mine: created{appended.ID, appended.UIDs}}}, nil
}

// upload takes a message from the client.
func (s *session) upload(ctx context.Context, p *parser, it appendItem) (mail.NewMessage, error) {
	msg := mail.NewMessage{Flags: it.flags, InternalDate: it.date}
	s.stream.patience(s.srv.limits.StallTime, s.expires)
	defer s.stream.patience(s.srv.limits.IdleTime, s.expires)
	var octets io.Reader
	size := int64(-1)
	if it.catenate {
		octets = &catenation{s: s, p: p}
	} else {
		if err := s.mayTake(it.literal, it.utf8); err != nil {
			return msg, err
		}
		if it.literal.Size == 0 {
			return msg, errNoOctets()
		}
		octets, size = p.Accept(it.literal), it.literal.Size
	}
	var err error
	msg.Upload, err = s.srv.engine.Upload(ctx, octets, size)
	switch {
	case err != nil:
	case msg.Upload.Size() == 0:
		msg.Upload.Discard()
		return msg, errNoOctets()
	default:
		return msg, nil
	}
	if perr := p.Err(); perr != nil {
		err = perr
	}
	return msg, err
}

// errNoOctets refuses an empty message. Some clients cancel so, and RFC 3502
// section 6.3.11 has it too.
func errNoOctets() error { return no("", "A message without any octet, nothing was appended") }

// mayTake tells why a literal of a message is refused before it comes.
func (s *session) mayTake(l wire.Literal, utf8 bool) error {
	if utf8 && !s.dialect.utf8 {
		return bad("UTF8=ACCEPT must be enabled before UTF8 is used in APPEND (RFC 6855 section 4)")
	}
	if l.Size > s.srv.limits.MaxMessage {
		return no("TOOBIG", "The message is larger than the %d octets that are taken here", s.srv.limits.MaxMessage)
	}
	return nil
}

// small is up to how many octets are not worth a question before they come.
const small = 64 << 10

// canAppend tells early that there is no such mailbox, before megabytes are sent
// for nothing. Whether the user may append to it is decided by Append, with the
// messages at hand; what is on its way already, and is not much, waits for that.
func (s *session) canAppend(mailbox string, it appendItem) error {
	if !it.catenate && it.literal.NonSync && it.literal.Size <= small {
		return nil
	}
	_, err := s.user.Lookup(s.ctx, mailbox)
	if mail.KindOf(err) != mail.NotFound {
		return err
	}
	// Append says whether it could be created.
	_, err = s.user.Append(s.ctx, mailbox, nil)
	return err
}

// multiappend is RFC 3502.
func multiappend() extension {
	return extension{name: "MULTIAPPEND", rfc: "RFC 3502", capabilities: always("MULTIAPPEND")}
}

// literalPlus is RFC 7888: literals that come unasked, of any size that APPEND
// takes. LITERAL-, which IMAP4rev2 has in it, is less.
func literalPlus() extension {
	return extension{name: "LITERAL+", rfc: "RFC 7888", capabilities: always("LITERAL+")}
}
