package mbox

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

type read struct {
	Meta Meta
	Text string
}

func readAll(t testing.TB, r io.Reader) ([]read, error) {
	t.Helper()
	var all []read
	mr := NewReader(r)
	for {
		m, err := mr.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		b, err := io.ReadAll(m)
		if err != nil {
			return all, err
		}
		all = append(all, read{m.Meta, string(b)})
	}
}

var monday = time.Date(2024, 1, 1, 10, 20, 30, 0, time.UTC)

func TestReader(t *testing.T) {
	const sep = "From anna@example.org Mon Jan  1 10:20:30 2024\n"
	meta := Meta{Sender: "anna@example.org", Date: monday}
	tests := []struct {
		name, in string
		want     []read
	}{
		{"nothing", "", nil},
		{"blank lines only", "\n\r\n\n", nil},
		{"one", sep + "A: b\n\nhello\n\n", []read{{meta, "A: b\r\n\r\nhello\r\n"}}},
		{"without the last blank line", sep + "A: b\n\nhello\n", []read{{meta, "A: b\r\n\r\nhello\r\n"}}},
		{"without the last line end", sep + "A: b\n\nhello", []read{{meta, "A: b\r\n\r\nhello"}}},
		{"two", sep + "A: b\n\nhello\n\n" + sep + "C: d\n\n\n", []read{{meta, "A: b\r\n\r\nhello\r\n"}, {meta, "C: d\r\n\r\n"}}},
		{"header only", sep + "A: b\n\n" + sep + "C: d\n", []read{{meta, "A: b\r\n"}, {meta, "C: d\r\n"}}},
		{"CRLF stays", strings.ReplaceAll(sep+"A: b\n\nhello\n\n", "\n", "\r\n"), []read{{meta, "A: b\r\n\r\nhello\r\n"}}},
		{"bare CR stays", sep + "A: b\n\nhel\rlo\n\n", []read{{meta, "A: b\r\n\r\nhel\rlo\r\n"}}},
		{"blank lines inside", sep + "A: b\n\n\n\nx\n\n\ny\n\n", []read{{meta, "A: b\r\n\r\n\r\n\r\nx\r\n\r\n\r\ny\r\n"}}},
		{"unquoting", sep + "A: b\n\n>From x\n>>From y\n> From z\n\n", []read{{meta, "A: b\r\n\r\nFrom x\r\n>From y\r\n> From z\r\n"}}},
		{"unquoting in the header", sep + ">From x\nA: b\n\n", []read{{meta, "From x\r\nA: b\r\n"}}},
		{"From in running text", sep + "A: b\n\nFrom here on\n\nFrom now to Monday\n\n", []read{{meta, "A: b\r\n\r\nFrom here on\r\n\r\nFrom now to Monday\r\n"}}},
		{"separator needs a blank line before", sep + "A: b\n\nx\n" + sep + "y\n\n", []read{{meta, "A: b\r\n\r\nx\r\n" + strings.TrimSpace(sep) + "\r\ny\r\n"}}},
		{"flags", sep + "A: b\nStatus: RO\nX-Status: AFDT\nX-Keywords: $Junk, NonJunk\n\tLater\nC: d\n\n", []read{{
			Meta{Sender: "anna@example.org", Date: monday, Seen: true, Old: true, Answered: true, Flagged: true, Deleted: true, Draft: true, Keywords: []string{"$Junk", "NonJunk"}},
			"A: b\r\nC: d\r\n"}}},
		{"status in the body stays", sep + "A: b\n\nStatus: R\n\n", []read{{meta, "A: b\r\n\r\nStatus: R\r\n"}}},
		{"a single message without separator", "A: b\nStatus: R\n\n>From x\n\nFrom anna Mon Jan  1 10:20:30 2024\n\n",
			[]read{{Meta{}, "A: b\r\nStatus: R\r\n\r\n>From x\r\n\r\nFrom anna Mon Jan  1 10:20:30 2024\r\n\r\n"}}},
		{"dates with zones, no sender", "From MAILER-DAEMON Mon Jan  1 11:20:30 2024 +0100\nA: b\n\n", []read{{Meta{Date: monday}, "A: b\r\n"}}},
		{"first line without a date", "From somebody\nA: b\n\n", []read{{Meta{}, "A: b\r\n"}}},
		{"sender with spaces", "From a b Mon Jan  1 10:20:30 +0000 2024\nA: b\n\n", []read{{Meta{Sender: "a b", Date: monday}, "A: b\r\n"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
				got, err := readAll(t, r)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, tt.want) {
					t.Errorf("got  %+v\nwant %+v", got, tt.want)
				}
			}
		})
	}
}

// TestReaderLongLines: lines longer than the buffer, with the line end on each
// side of the cut, and a header that never ends.
func TestReaderLongLines(t *testing.T) {
	for n := 64<<10 - 3; n <= 64<<10+3; n++ {
		long := strings.Repeat("x", n)
		in := "From a Mon Jan  1 10:20:30 2024\nA: b\nX-Keywords: " + long + "\nL: " + long + "\n\n" + long + "\r\n" + long + "\n\nFrom b Mon Jan  1 10:20:30 2024\nC: d\n\n"
		got, err := readAll(t, strings.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		want := "A: b\r\nL: " + long + "\r\n\r\n" + long + "\r\n" + long + "\r\n"
		if len(got) != 2 || got[0].Text != want || got[1].Text != "C: d\r\n" {
			t.Fatalf("line of %d octets: %d messages, or other bytes", n, len(got))
		}
	}
	endless := "From a Mon Jan  1 10:20:30 2024\n" + strings.Repeat("A: b\n", MaxHeader) + "\nbody\n\n"
	got, err := readAll(t, strings.NewReader(endless))
	if err != nil || len(got) != 1 || len(got[0].Text) != 6*MaxHeader+len("\r\nbody\r\n") {
		t.Fatalf("endless header: %d messages, %v", len(got), err)
	}
}

// TestReaderFormat: what is no mail is refused.
func TestReaderFormat(t *testing.T) {
	for _, in := range []string{"hello\n", "\n\nThe licence is: x\n", ": x\n", "\x7fELF:\x00\n"} {
		if got, err := readAll(t, strings.NewReader(in)); !errors.Is(err, ErrFormat) || len(got) > 0 {
			t.Errorf("%q: %d messages, error %v", in, len(got), err)
		}
	}
}

// TestReaderBroken: an error of the input is reported, never taken for the end.
func TestReaderBroken(t *testing.T) {
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader("From a Mon Jan  1 10:20:30 2024\nA: b\n\nhello\n"), iotest.ErrReader(broken))
	if _, err := readAll(t, in); !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
}

// TestReaderSkips: Next goes on behind a message that was not read.
func TestReaderSkips(t *testing.T) {
	in := "From a Mon Jan  1 10:20:30 2024\nA: 1\n\nx\n\nFrom b Mon Jan  1 10:20:30 2024\nA: 2\n\ny\n\n"
	r := NewReader(strings.NewReader(in))
	var senders []string
	for {
		m, err := r.Next()
		if err != nil {
			break
		}
		senders = append(senders, m.Sender)
	}
	if !reflect.DeepEqual(senders, []string{"a", "b"}) {
		t.Errorf("got %q", senders)
	}
	if r.Offset() != int64(len(in)) {
		t.Errorf("offset %d at the end, want %d", r.Offset(), len(in))
	}
}

func TestWriter(t *testing.T) {
	var buf bytes.Buffer
	w := NewWriter(&buf)
	meta := Meta{Sender: "anna@example.org", Date: monday, Seen: true, Flagged: true, Keywords: []string{"$Junk"}}
	if err := w.Write(meta, strings.NewReader("A: b\r\nStatus: O\r\n folded\r\nC: d\r\n\r\nFrom x\r\n>From y\r\nend")); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "From anna@example.org Mon Jan  1 10:20:30 2024\nA: b\nC: d\nStatus: R\nX-Status: F\nX-Keywords: $Junk\n\n>From x\n>>From y\nend\n\n"
	if buf.String() != want {
		t.Errorf("got  %q\nwant %q", buf.String(), want)
	}
}

// FuzzRoundTrip: whatever is written comes back, but for what an mbox cannot
// hold: fields of the folder, and line ends other than CRLF.
func FuzzRoundTrip(f *testing.F) {
	f.Add("A: b\r\n\r\nFrom x\r\n", "C: d\r\n\r\n>From y Mon Jan  1 10:20:30 2024\r\n", true, false)
	f.Add("\r\n\r\nFrom anna Mon Jan  1 10:20:30 2024\r\n", "", false, true)
	f.Add("From anna Mon Jan  1 10:20:30 2024\r\n\r\n", "x", true, true)
	f.Add("Status\r\n : x\r\nStatus: R\r\n\r\n\r\n", "\r\n", true, true)
	f.Fuzz(func(t *testing.T, a, b string, seen, flagged bool) {
		var buf bytes.Buffer
		w := NewWriter(&buf)
		var want []read
		for _, text := range []string{a, b} {
			text = canonical(text)
			meta := Meta{Sender: "anna@example.org", Date: monday, Seen: seen, Flagged: flagged}
			if err := w.Write(meta, strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			want = append(want, read{meta, text})
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, bytes.NewReader(buf.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v\nmbox %q", got, want, buf.String())
		}
	})
}

// canonical makes a message that an mbox can hold: CRLF lines, a header before
// the first empty line, no fields of the folder.
func canonical(s string) string {
	s = strings.NewReplacer("\r", "", "\n", "\r\n").Replace(s)
	header, body, found := strings.Cut("Subject: x\r\n"+s, "\r\n\r\n")
	var out strings.Builder
	for line := range strings.SplitSeq(header, "\r\n") {
		var m Meta
		if strings.TrimSpace(line) != "" && !m.take([]byte(line)) {
			out.WriteString(line + "\r\n")
		}
	}
	if found {
		out.WriteString("\r\n" + body)
		if body != "" && !strings.HasSuffix(body, "\r\n") {
			out.WriteString("\r\n")
		}
	}
	return out.String()
}

func BenchmarkReader(b *testing.B) {
	one := "From anna@example.org Mon Jan  1 10:20:30 2024\nSubject: x\nStatus: R\n\n" + strings.Repeat("a line of usual length, as people write them in mails\n", 60) + "\n"
	in := strings.Repeat(one, 100)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(strings.NewReader(in))
		for {
			m, err := r.Next()
			if err != nil {
				break
			}
			if _, err := io.Copy(io.Discard, m); err != nil {
				b.Fatal(err)
			}
		}
	}
}
