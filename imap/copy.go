package imap

import (
	"context"

	"poststube/mail"
)

// copyMessages is COPY (RFC 9051 section 6.4.7) or UID COPY.
func copyMessages(uid bool) command {
	return command{name: uidName("COPY", uid), states: selected, read: func(p *parser) run {
		n, dest := readTransfer(p, uid)
		return func(s *session) (answer, error) {
			uids, err := s.resolve(n)
			if err != nil || uids.Empty() {
				return answer{}, err
			}
			if _, limit := s.limited(uids); limit != "" {
				return answer{}, no(limit, "One COPY takes at most %d messages, nothing was copied", s.srv.limits.MessageLimit)
			}
			box := s.box.mailbox
			copied, err := patiently(s, func(ctx context.Context) (mail.Copied, error) { return box.Copy(ctx, uids, dest) })
			if err == nil && copied.From.Empty() {
				err = errExpunged
			}
			return answer{code: copyUID(copied), how: syncing{mine: created{copied.ID, copied.To}}}, err
		}
	}}
}

// errExpunged is the answer to a command whose messages have all been expunged by
// somebody else, which the client could not know (RFC 2180 section 4).
var errExpunged = no("EXPUNGEISSUED", "The messages have been expunged meanwhile")

// readTransfer reads the arguments of COPY and MOVE.
func readTransfer(p *parser, uid bool) (numbers, string) {
	p.SP()
	n := readNumbers(p, uid)
	p.SP()
	return n, p.Mailbox()
}

// uidName is the name of a command, or of its UID form.
func uidName(name string, uid bool) string {
	if uid {
		return "UID " + name
	}
	return name
}
