package imap

import (
	"poststube/imap/wire"
	"poststube/uidset"
)

// replace is RFC 8508: APPEND and EXPUNGE of what it replaces, in one.
func replace() extension {
	return extension{
		name:         "REPLACE",
		rfc:          "RFC 8508",
		capabilities: always("REPLACE"),
		commands:     []command{replaceMessage(false), replaceMessage(true)},
	}
}

func replaceMessage(uid bool) command {
	return command{name: uidName("REPLACE", uid), states: selected, streams: true, heavy: true, read: func(p *parser) run {
		p.SP()
		n := readNumber(p, uid)
		p.SP()
		mailbox := p.Mailbox()
		p.SP()
		it := readAppendItem(p)
		return func(s *session) (answer, error) { return s.replace(p, n, mailbox, it) }
	}}
}

// readNumber reads seq-number or uniqueid: one message.
func readNumber(p *parser, uid bool) numbers {
	r := uidset.NumRange{First: uidset.Star, Last: uidset.Star}
	if uid || !p.Try('*') {
		r.First = p.NZNumber()
		r.Last = r.First
	}
	return numbers{set: uidset.NumSet{Ranges: []uidset.NumRange{r}}, uid: uid}
}

// replace takes a message, and puts it where the client wants it when that and
// the removal of the old one can be done together.
func (s *session) replace(p *parser, n numbers, mailbox string, it appendItem) (answer, error) {
	if err := s.writable(); err != nil {
		return answer{}, err
	}
	uids, err := s.resolve(n)
	if err != nil {
		return answer{}, err
	}
	if uids.Empty() {
		return answer{}, errNothingToReplace()
	}
	if err := s.canAppend(mailbox, it); err != nil {
		return answer{}, err
	}
	ctx, _ := s.takeTurn(0)
	defer s.endTurn()
	msg, err := s.upload(ctx, p, it)
	if err != nil {
		return answer{}, err
	}
	defer msg.Upload.Discard()
	if it.utf8 {
		p.Special(')')
	}
	if p.CRLF(); p.Err() != nil {
		return answer{}, p.Err()
	}
	appended, err := s.box.mailbox.Replace(s.ctx, uids.Min(), mailbox, msg)
	switch {
	case err != nil:
		return answer{}, err
	case appended.UIDs.Empty():
		return answer{}, errNothingToReplace()
	}
	// Before the EXPUNGE line, which sync writes (RFC 8508 section 4.3).
	s.enc.Untagged(wire.OK, appendUID(appended), "The message was replaced")
	return answer{how: syncing{mine: created{appended.ID, appended.UIDs}, removed: uidset.Of(uids.Min())}}, nil
}

func errNothingToReplace() error {
	return no("EXPUNGEISSUED", "The message to be replaced is no longer there, nothing was changed")
}
