package smtp

import (
	"errors"
	"strconv"
	"unicode/utf8"

	"poststube/mail"
)

// A refusal is a reply that is also an error: an SMTP code, an enhanced status
// code (RFC 3463) and a sentence.
type refusal struct {
	code     int
	enhanced string
	text     string
}

func (r *refusal) Error() string { return r.text }

var (
	errTooBig    = &refusal{552, "5.3.4", "the message is larger than this server takes, see SIZE in the answer to LHLO"}
	errSequence  = &refusal{503, "5.5.1", "not now: the order is LHLO, MAIL, RCPT, DATA or BDAT"}
	errParameter = &refusal{555, "5.5.4", "this parameter is not known here, see the answer to LHLO"}
)

// refusalOf maps an error of the engine to the reply that a client gets; it is
// the only place that does. The codes are those of RFC 5321 section 4.2.3 and
// RFC 3463. What may be better tomorrow is 4yz, so that the client tries again.
func refusalOf(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	text := mail.Text(err)
	switch mail.KindOf(err) {
	case mail.NotFound:
		return &refusal{550, "5.1.1", text}
	case mail.Invalid:
		return &refusal{553, "5.1.3", text}
	case mail.Denied:
		return &refusal{550, "5.7.1", text}
	case mail.TooBig:
		return &refusal{552, "5.3.4", text}
	case mail.OverQuota:
		// Temporary: a mailbox that is full today may not be so tomorrow, and
		// the client knows for how long its sender wants to wait.
		return &refusal{452, "4.2.2", text}
	case mail.Full:
		return &refusal{452, "4.3.1", text}
	case mail.Limit:
		return &refusal{452, "4.5.3", text}
	case mail.Unavailable:
		return &refusal{451, "4.3.2", text}
	}
	return &refusal{451, "4.3.0", text}
}

// reply queues one reply.
func (c *session) reply(code int, enhanced, text string) {
	c.code = code
	out := strconv.AppendInt(c.link.out, int64(code), 10)
	out = append(out, ' ')
	if enhanced != "" {
		out = append(out, enhanced...)
		out = append(out, ' ')
	}
	out = appendText(out, text, c.tx.utf8)
	c.link.out = append(out, '\r', '\n')
}

// refuse queues a refusal, and counts it if it is the client's mistake.
func (c *session) refuse(r *refusal) {
	c.reply(r.code, r.enhanced, r.text)
	if r.code >= 500 && r.code < 510 || r.code == 555 {
		c.errors++
	}
}

// maxText is how much of a sentence is sent, so that a reply line stays within
// the 512 octets of RFC 5321 section 4.5.3.1.5.
const maxText = 480

// appendText appends a sentence, which may hold parts of what a client sent:
// nothing in it may end the line or look like another reply.
func appendText(out []byte, text string, utf8OK bool) []byte {
	for i, r := range text {
		switch {
		case i >= maxText:
			return out
		case r < ' ' || r == 0x7f || r == utf8.RuneError:
			out = append(out, '?')
		case r >= 0x80 && !utf8OK: // RFC 6531 section 3.5
			out = append(out, '?')
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
