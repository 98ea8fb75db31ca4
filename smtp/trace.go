package smtp

import (
	"strconv"
	"time"
)

// appendTrace appends the fields that the last server before a mailbox puts on
// top of a message (RFC 5321 section 4.4): Return-Path with the sender, and
// Received. The message below them stays as it came.
func (c *session) appendTrace(b []byte, now time.Time) []byte {
	b = append(b, "Return-Path: <"...)
	b = append(b, c.tx.from...)
	b = append(b, ">\r\nReceived: from "...)
	b = append(b, c.helo...)
	if a := c.origin.Remote; a.IsValid() {
		b = append(b, " (["...)
		if a.Is6() {
			b = append(b, "IPv6:"...)
		}
		b = a.AppendTo(b)
		b = append(b, "])"...)
	}
	b = append(b, "\r\n\tby "...)
	b = append(b, c.server.config.Hostname...)
	if c.tx.utf8 {
		b = append(b, " with UTF8LMTP id "...) // RFC 6531 section 4.3
	} else {
		b = append(b, " with LMTP id "...) // RFC 3848
	}
	// Unique here: the session's number since start, the time, the message's
	// number in the session.
	b = strconv.AppendInt(b, now.UnixMicro(), 36)
	b = append(b, '.')
	b = strconv.AppendUint(b, c.origin.Session, 36)
	b = append(b, '.')
	b = strconv.AppendUint(b, c.messages, 36)
	if len(c.tx.to) == 1 { // RFC 5321 section 7.2: several would tell each of the others
		b = append(b, "\r\n\tfor <"...)
		b = append(b, c.tx.to[0]...)
		b = append(b, '>')
	}
	b = append(b, ";\r\n\t"...)
	b = now.AppendFormat(b, "Mon, 2 Jan 2006 15:04:05 -0700")
	return append(b, '\r', '\n')
}
