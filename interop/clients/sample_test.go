package clients

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// A sample is a message that clients must leave as it is.
type sample struct {
	subject string
	raw     []byte // with CRLF
}

// lf returns the message with the line ends of files.
func (s sample) lf() []byte { return bytes.ReplaceAll(s.raw, []byte("\r\n"), []byte("\n")) }

// newSample returns a message with a subject of its own and a body whose lines
// end with LF here.
func newSample(subject, fields, body string) sample {
	text := fmt.Sprintf("From: Ben <ben@example.org>\nTo: anna@example.org\nSubject: %s\n"+
		"Date: Mon, 02 Nov 2026 10:11:12 +0100\nMessage-ID: <%s@example.org>\n%s\n%s", subject, subject, fields, body)
	return sample{subject, []byte(strings.ReplaceAll(text, "\n", "\r\n"))}
}

// note returns a short message.
func note(subject string) sample {
	return newSample(subject, "", "A note about "+subject+".\n")
}

// notes returns several.
func notes(subjects ...string) (list []sample) {
	for _, s := range subjects {
		list = append(list, note(s))
	}
	return list
}

// samples are messages with what clients and servers get wrong: octets beyond
// ASCII, lines that look like ends or envelopes, long lines, parts in parts,
// nothing at all.
func samples() []sample {
	mime := "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
	octets := make([]byte, 48<<10)
	for i := range octets {
		octets[i] = byte(i * i / 7)
	}
	return []sample{
		note("plain"),
		newSample("umlauts", mime, "Grüße aus Köln, 100 € für Žofie.\n"),
		newSample("dots", "", ".\n..\n.dot at the start\nFrom here on\n>From there\n"),
		newSample("spaces", "X-Folded: one\n two\n\tthree\n", "trailing blanks  \n\ttab\n\n\n"),
		newSample("long", "", strings.Repeat("x", 900)+"\n"+strings.Repeat("long ", 150)+"\n"),
		newSample("empty", "", ""),
		newSample("attached", `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_b"
`, `A preamble.
--=_b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe
--=_b
Content-Type: message/rfc822

Subject: inner

inside
--=_b
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename*=utf-8''%C3%BCbersicht.bin

`+wrap(base64.StdEncoding.EncodeToString(octets))+`
--=_b--
`),
	}
}

// wrap breaks a text into lines of 76.
func wrap(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + s
}
