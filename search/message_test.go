package search

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"poststube/message"
)

const sampleMessage = `From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.org>
To: anna@example.org, ben@example.org
To: second@example.org
Cc: clara@example.net
Bcc: hidden@example.com
Subject: =?utf-8?q?=C3=9Cber?= die
 Sitzung
X-Custom: some value
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--b
Content-Type: text/html

<p>fett<b>gedruckt</b></p>
--b
Content-Type: application/octet-stream; name=anlage.bin
Content-Transfer-Encoding: base64

dW5zaWNodGJhcg==
--b--
`

func TestMessage(t *testing.T) {
	m := newMailbox(t)
	b := NewBatch()
	writeMessage(t, b, 1, []byte(strings.ReplaceAll(sampleMessage, "\n", "\r\n")))
	m.must(m.x.Add(t.Context(), m.owner, b, 1))
	for _, c := range []struct {
		field Field
		text  string
		want  bool
	}{
		{From, "jürgen <JUERGEN@", true},
		{From, "anna", false},
		{To, "ben@example.org", true},
		{To, "second", true},
		{To, "clara", false},
		{Cc, "clara@example.net", true},
		{Bcc, "hidden", true},
		{Subject, "über die sitzung", true},
		{Subject, "subject", false},
		{Header, "x-custom:", true},
		{Header, "über", true},
		{Header, "anlage.bin", true},
		{Header, "grüße", false},
		{Body, "grüße", true},
		{Body, "fettgedruckt", true},
		{Body, "<p>", false},
		{Body, "unsichtbar", false},
		{Body, "dW5zaWNodGJhcg", false},
		{Body, "juergen", false},
		{Text, "juergen", true},
		{Text, "gedruckt", true},
		{Text, "absent", false},
	} {
		if got := m.find(c.field, c.text).Certain.Contains(1); got != c.want {
			t.Errorf("field %d, %q: found %v", c.field, c.text, got)
		}
	}
}

// TestUnreadable has a message that cannot be read.
func TestUnreadable(t *testing.T) {
	m := newMailbox(t)
	raw := []byte(sampleMessage)
	root, err := message.Parse(bytes.NewReader(raw), int64(len(raw)))
	m.must(err)
	b := NewBatch()
	for i, limit := range []int64{0, 200, int64(strings.Index(sampleMessage, "Gr=FC")), int64(len(raw))} {
		m.must(b.Email(uint64(i + 1)))
		err := b.Message(root, failingReader{raw, limit})
		if readable := limit == int64(len(raw)); (err == nil) != readable || err != nil && !errors.Is(err, errUnreadable) {
			t.Errorf("read up to %d: %v", limit, err)
		}
	}
	m.must(m.x.Add(t.Context(), m.owner, b, 4))
	for f := range Text + 1 {
		if f == fields {
			continue
		}
		if got := slices.Collect(m.find(f, "absent").Possible.All()); !slices.Equal(got, []uint64{1, 2, 3}) {
			t.Errorf("field %d: candidates %v", f, got)
		}
	}
	m.verify()
}

var errUnreadable = errors.New("the test cannot read this")

// A failingReader fails behind a limit.
type failingReader struct {
	raw   []byte
	limit int64
}

func (r failingReader) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > r.limit {
		return 0, errUnreadable
	}
	return copy(p, r.raw[at:]), nil
}
