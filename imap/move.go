package imap

import (
	"context"

	"poststube/imap/wire"
	"poststube/mail"
)

// move is RFC 6851, part of IMAP4rev2 (RFC 9051 section 6.4.8).
func move() extension {
	return extension{
		name:         "MOVE",
		rfc:          "RFC 6851",
		capabilities: always("MOVE"),
		commands:     []command{moveMessages(false), moveMessages(true)},
	}
}

func moveMessages(uid bool) command {
	return command{name: uidName("MOVE", uid), states: selected, read: func(p *parser) run {
		n, dest := readTransfer(p, uid)
		return func(s *session) (answer, error) {
			if err := s.writable(); err != nil {
				return answer{}, err
			}
			uids, err := s.resolve(n)
			if err != nil || uids.Empty() {
				return answer{}, err
			}
			uids, limit := s.limited(uids)
			box := s.box.mailbox
			moved, err := patiently(s, func(ctx context.Context) (mail.Copied, error) { return box.Move(ctx, uids, dest) })
			if err == nil && moved.ModSeq == 0 {
				// Nothing was there to be moved. A MOVE to the trash that goes
				// to another one tells of no copies, but has a modseq.
				err = errExpunged
			}
			if code := copyUID(moved); code != "" {
				// Before the EXPUNGE lines, which sync writes, so that the
				// client knows where the messages are at any time (RFC 6851
				// section 4.3).
				s.enc.Untagged(wire.OK, code, "Moved")
			}
			return answer{code: limit, how: syncing{mine: created{moved.ID, moved.To}, removed: moved.From}}, err
		}
	}}
}
