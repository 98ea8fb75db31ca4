package wire

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"poststube/uidset"
)

// BenchmarkFetchFlags writes the lines that FETCH 1:* FLAGS answers.
func BenchmarkFetchFlags(b *testing.B) {
	e := NewEncoder(io.Discard)
	flags := []string{`\Answered`, `\Seen`, "$Forwarded"}
	n := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		e.Star().Number(n).Raw(" FETCH (UID ").Number(n + 100_000).Raw(" FLAGS ").Flags(flags)
		e.Raw(" MODSEQ (").Uint64(1 << 33).Raw("))").CRLF()
	}
}

// BenchmarkFetchEnvelope writes a line with strings, a date and a number.
func BenchmarkFetchEnvelope(b *testing.B) {
	e := NewEncoder(io.Discard)
	date := time.Date(1996, 7, 17, 2, 44, 25, 0, time.FixedZone("", -7*3600))
	subject := "Re: the minutes of the meeting on Monday"
	n := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		e.Star().Number(n).Raw(" FETCH (INTERNALDATE ").DateTime(date).Raw(" RFC822.SIZE ").Int(4286)
		e.Raw(" ENVELOPE (").String("Wed, 17 Jul 1996 02:23:25 -0700").SP().String(subject)
		e.Raw(` (("Anna" NIL "anna" "example.org")) `).NString("", false).SP().String("<B27397@example.org>").Raw("))").CRLF()
	}
}

// BenchmarkFetchBody writes literals of a usual message.
func BenchmarkFetchBody(b *testing.B) {
	e := NewEncoder(io.Discard)
	body := bytes.Repeat([]byte("some text of a message, as it often is\r\n"), 150)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		e.Raw("* 1 FETCH (BODY[] ").LiteralBytes(body).Byte(')').CRLF()
	}
}

// BenchmarkSearchReply writes 100,000 numbers with gaps.
func BenchmarkSearchReply(b *testing.B) {
	var set uidset.Set
	for uid := uint32(1); uid < 200_000; uid += 2 {
		set.Add(uid)
	}
	e := NewEncoder(io.Discard)
	b.ReportAllocs()
	for b.Loop() {
		e.Raw("* ESEARCH (TAG A1) UID ALL ").Set(set).CRLF()
	}
}

// loop yields the same input for ever.
type loop struct {
	text string
	at   int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.text[l.at:])
	l.at = (l.at + n) % len(l.text)
	return n, nil
}

// BenchmarkCommand reads a STORE of a usual client.
func BenchmarkCommand(b *testing.B) {
	text := strings.Repeat("A0042 UID STORE 105,107:109 +FLAGS.SILENT (\\Seen $Forwarded)\r\n", 50)
	d := NewDecoder(bufio.NewReaderSize(&loop{text: text}, 4096), LimitsAfterLogin())
	b.ReportAllocs()
	for b.Loop() {
		d.Next()
		d.Tag()
		d.SP()
		d.Word("UID")
		d.SP()
		d.Keyword()
		d.SP()
		d.NumSet()
		d.SP()
		d.Try('+')
		d.Label()
		d.SP()
		d.Flags()
		d.CRLF()
		if d.Err() != nil {
			b.Fatal(d.Err())
		}
	}
}

// BenchmarkAppend streams a literal of a usual message.
func BenchmarkAppend(b *testing.B) {
	body := strings.Repeat("some text of a message, as it often is\r\n", 150)
	text := "A0042 APPEND INBOX (\\Seen) {6000+}\r\n" + body + "\r\n"
	d := NewDecoder(bufio.NewReaderSize(&loop{text: text}, 4096), LimitsAfterLogin())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	buf := make([]byte, 32<<10)
	for b.Loop() {
		d.Next()
		d.Tag()
		d.SP()
		d.Word("APPEND")
		d.SP()
		d.Mailbox()
		d.SP()
		d.FlagList()
		d.SP()
		r := d.Accept(d.Literal())
		for {
			if _, err := r.Read(buf); err != nil {
				break
			}
		}
		d.CRLF()
		if d.Err() != nil {
			b.Fatal(d.Err())
		}
	}
}

func TestOutputDoesntAllocate(t *testing.T) {
	e := NewEncoder(io.Discard)
	flags := []string{`\Seen`, "$X"}
	date := time.Unix(1e9, 0).UTC()
	set := uidset.Of(1, 2, 3, 9)
	text := []byte("some\ttext ä")
	line := func() {
		e.Star().Number(3).Raw(" FETCH (FLAGS ").Flags(flags).SP().DateTime(date).SP().Set(set).SP()
		e.String("a \"b\"").SP().StringBytes(text).SP().AString("x").SP().Mailbox("Entwürfe").Raw(")").CRLF()
		e.Tagged("A1", OK, "READ-WRITE", "done")
	}
	for range 1000 {
		line()
	}
	if n := testing.AllocsPerRun(1000, line); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}
