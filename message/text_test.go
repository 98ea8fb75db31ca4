package message

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func textOf(t *testing.T, data string, scope TextScope) string {
	t.Helper()
	var b strings.Builder
	if err := parseString(t, data).Text(strings.NewReader(data), scope, func(text []byte) bool {
		b.Write(text)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	const data = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Raw: \xfc\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n" +
		"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nM=FCller =\r\nGmbH\r\n" +
		"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+ZmV0dDwvYj4gJmF1bWw7\r\n" +
		"--b\r\nContent-Type: application/pdf; name*=utf-8''%c3%bc.pdf\r\n\r\nbinary\r\n" +
		"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n" +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n" +
		"--b\r\nContent-Type: text/plain; charset=x-nobody-knows\r\nContent-Transfer-Encoding: x-odd\r\n\r\n\xfcber\r\n--b--\r\n"
	const header = "Subject: Grüße\nX-Raw: ü\nContent-Type: multipart/mixed; boundary=b\n"
	if got := textOf(t, data, HeaderText); !strings.HasPrefix(got, header) || !strings.Contains(got, "\nü.pdf\n") || !strings.Contains(got, "\nSubject: inner\n") || strings.Contains(got, "Müller") {
		t.Errorf("header: %q", got)
	}
	const body = "Müller GmbH\nfett ä\ninner text\nAction: failed\nüber\n"
	if got := textOf(t, data, BodyText); got != body {
		t.Errorf("body: got %q, want %q", got, body)
	}
	if got := textOf(t, data, AllText); !strings.HasPrefix(got, header) || !strings.Contains(got, "Müller GmbH\n") {
		t.Errorf("all: %q", got)
	}
	if got := textOf(t, data, 0); got != "" {
		t.Errorf("nothing: %q", got)
	}
}

func TestTextStops(t *testing.T) {
	data := mp("b", strings.Repeat("--b\r\nA: b\r\n\r\nsome text\r\n", 3))
	root := parseString(t, data)
	for stop := 1; stop < 8; stop++ {
		calls := 0
		err := root.Text(strings.NewReader(data), AllText, func([]byte) bool {
			calls++
			return calls < stop
		})
		if err != nil || calls != stop {
			t.Errorf("stopped at %d: %d calls, %v", stop, calls, err)
		}
	}
}

func TestTextReadError(t *testing.T) {
	failure := errors.New("gone")
	root := parseString(t, "A: b\r\n\r\n"+strings.Repeat("text ", 1000))
	for _, scope := range []TextScope{HeaderText, BodyText} {
		r := readerAt{iotest.ErrReader(failure)}
		if err := root.Text(r, scope, func([]byte) bool { return true }); !errors.Is(err, failure) {
			t.Errorf("%d: %v", scope, err)
		}
	}
	if got := Preview(root, readerAt{iotest.ErrReader(failure)}); got != "" {
		t.Errorf("preview %q", got)
	}
}

// TestTextChunks: text comes in bounded pieces, however large the part.
func TestTextChunks(t *testing.T) {
	data := "Content-Type: text/html\r\n\r\n" + strings.Repeat("<p>word &amp;\r\n", 100_000)
	size, largest := 0, 0
	if err := parseString(t, data).Text(strings.NewReader(data), BodyText, func(text []byte) bool {
		size += len(text)
		largest = max(largest, len(text))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if size < 100_000*len("word &") || largest > 2*textChunk {
		t.Errorf("%d octets, the largest piece %d", size, largest)
	}
}

func TestHTMLText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"plain", "plain"},
		{"a<b>b</b>c", "abc"},
		{"a<br>b<BR/>c<p class=x>d</p>", "a\nb\nc\nd\n"},
		{"<td>a</td><td>b", " a  b"},
		{"a<!-- no <b> > -- -->b<!---->c<!doctype html>d<?php x ?>e", "abcde"},
		{"<script>if (a<b) x('</p>')</script>a<style>p > b {}</style>b<title>t</title>c", "abc"},
		{"<SCRIPT type=x>no</ScRiPt >a", "a"},
		{"<script>open", ""},
		{"a<p title='x > y' alt=\"> '\" don't>b", "a\nb"},
		{"a < b <3 <", "a < b <3 "},
		{"&lt;&amp;&#252;&#xFC;&uuml;&nope;&amp", "<&üüü&nope;&"},
		{"&copy2024 &#0; &#x110000; &;", "©2024 � � &;"},
		{"&" + strings.Repeat("a", 100) + ";", "&" + strings.Repeat("a", 100) + ";"},
		{"AT&T, a & b", "AT&T, a & b"},
		{"<" + strings.Repeat("x", 100) + ">a", "a"},
		{"</>a</b", "a"},
		{"<a href=\"unclosed>b", ""},
	} {
		var whole, pieces htmlText
		got := string(whole.end(whole.append(nil, []byte(tt.in))))
		var b []byte
		for i := range len(tt.in) {
			b = pieces.append(b, []byte{tt.in[i]})
		}
		b = pieces.end(b)
		if got != tt.want || string(b) != tt.want {
			t.Errorf("%q\n got  %q\n got  %q in pieces\n want %q", tt.in, got, b, tt.want)
		}
	}
}

func TestPreview(t *testing.T) {
	long := strings.Repeat("ä€ ", 300)
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "\r\nHello  Anna,\r\n\r\n\tthis is it.\r\n", "Hello Anna, this is it."},
		{"quoted lines go", "\r\nOn Monday Ben wrote:\r\n> old\r\n>> older\r\nnew\r\n", "On Monday Ben wrote: new"},
		{"only quotes", "\r\n> old\r\n> text\r\n", "> old > text"},
		{"signature", "\r\ntext\r\n-- \r\nAnna\r\n", "text"},
		{"signature first", "\r\n-- \r\nAnna\r\n", "-- Anna"},
		{"empty", "\r\n", ""},
		{"invisible filler", "\r\n\u200b\u00ad\ufeffa\u034f \u200c \u2007b\x01\x00", "a b"},
		{"encoded", "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FCber=\r\nall", "überall"},
		{"html", "Content-Type: text/html\r\n\r\n<style>x</style><p>a&nbsp;b</p>> c", "a b > c"},
		{"plain before html", mp("b", "--b\r\nContent-Type: text/html\r\n\r\nhtml\r\n--b\r\n\r\nplain\r\n--b--"), "plain"},
		{"html if plain is empty", mp("b", "--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\nhtml\r\n--b--"), "html"},
		{"no attachment", mp("b", "--b\r\nContent-Disposition: attachment\r\n\r\nfile\r\n--b\r\nContent-Type: text/calendar\r\n\r\ncal\r\n--b--"), ""},
		{"within a message", "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ninner", "inner"},
		{"image", "Content-Type: image/png\r\n\r\nx", ""},
		{"encrypted", "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b--", ""},
		{"limit in characters", "Content-Type: text/plain; charset=utf-8\r\n\r\n" + long, long[:len(long)/300*66] + "ä€"},
		{"far filler", "\r\n" + strings.Repeat("> quoted line\r\n", 500) + "new\r\n", "new"},
		{"only filler", "\r\n" + strings.Repeat("\u200c ", 50_000), ""},
		{"unknown charset", "Content-Type: text/plain; charset=nope\r\n\r\n\xfc", "ü"},
	} {
		if got := Preview(parseString(t, tt.in), strings.NewReader(tt.in)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestPreviewReads: a preview does not read a large message whole.
func TestPreviewReads(t *testing.T) {
	data := "\r\n" + strings.Repeat("some text\r\n", 1_000_000)
	root := parseString(t, data)
	r := &countingReader{r: strings.NewReader(data)}
	if got := Preview(root, r); len(got) < MaxPreview-1 || r.n > 4<<10 {
		t.Errorf("%q after %d octets", got, r.n)
	}
}

type countingReader struct {
	r io.ReaderAt
	n int
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += n
	return n, err
}

func TestPartTextReader(t *testing.T) {
	data := "Content-Type: text/plain; charset=utf-16be\r\nContent-Transfer-Encoding: base64\r\n\r\nAEEAQgBD"
	root := parseString(t, data)
	got, err := io.ReadAll(root.textReader(bytes.NewReader([]byte(data))))
	if err != nil || string(got) != "ABC" {
		t.Errorf("got %q, %v", got, err)
	}
}
