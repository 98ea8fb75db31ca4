package message

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// outline writes a tree as one line per part: number of blanks for the level,
// type, the raw body if it is a leaf.
func outline(data string, p *Part) string {
	var b strings.Builder
	var walk func(p *Part, depth int)
	walk = func(p *Part, depth int) {
		fmt.Fprintf(&b, "%s%s/%s", strings.Repeat(" ", depth), p.Type, p.Subtype)
		if len(p.Children) == 0 {
			fmt.Fprintf(&b, " %q", data[p.BodyStart:p.End])
		}
		b.WriteByte('\n')
		for _, c := range p.Children {
			walk(c, depth+1)
		}
	}
	walk(p, 0)
	return b.String()
}

func TestParse(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", `
text/plain ""
`},
		{"header only", "Subject: x\r\n", `
text/plain ""
`},
		{"header without line end", "Subject: x", `
text/plain ""
`},
		{"body only", "\r\nhello\r\n", `
text/plain "hello\r\n"
`},
		{"bare LF", "Subject: x\n\nhello\n", `
text/plain "hello\n"
`},
		{"white space line is folding, not the end", "Subject: x\r\n \r\n\r\nbody", `
text/plain "body"
`},
		{"content fields without MIME count for nothing", "Content-Transfer-Encoding: base64\r\n\r\nx", `
text/plain "x"
`},
		{"type without subtype", "Content-Type: text\r\n\r\nx", `
text/plain "x"
`},
		{"unknown type without subtype", "Content-Type: video\r\n\r\nx", `
video/x-unknown "x"
`},
		{"first type counts", "Content-Type: text/html\r\nContent-Type: image/png\r\n\r\nx", `
text/html "x"
`},
		{"comments in the type", "Content-Type: (a) text (b) / (c) html (d); (e) charset (f) = (g) x\r\n\r\nx", `
text/html "x"
`},
		{"multipart", mp("b", "--b\r\n\r\none\r\n--b\r\nContent-Type: text/html\r\n\r\ntwo\r\n--b--\r\n"), `
multipart/mixed
 text/plain "one"
 text/html "two"
`},
		{"preamble and epilogue", mp("b", "pre\r\n--b\r\n\r\none\r\n--b--\r\nepilogue\r\n--b\r\nno part\r\n"), `
multipart/mixed
 text/plain "one"
`},
		{"part that ends in line ends", mp("b", "--b\r\n\r\none\r\n\r\n\r\n--b--"), `
multipart/mixed
 text/plain "one\r\n\r\n"
`},
		{"bare LF around boundaries", mp("b", "--b\n\none\n--b\n\ntwo\n--b--\n"), `
multipart/mixed
 text/plain "one"
 text/plain "two"
`},
		{"no closing boundary", mp("b", "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n"), `
multipart/mixed
 text/plain "one"
 text/plain "two\r\n"
`},
		{"boundary as last line, not ended", mp("b", "--b\r\n\r\none\r\n--b"), `
multipart/mixed
 text/plain "one"
`},
		{"no boundary in the body", mp("b", "just text\r\n"), `
multipart/mixed ""
`[:len("\nmultipart/mixed ")] + `"just text\r\n"
`},
		{"closing boundary first", mp("b", "--b--\r\n--b\r\n\r\nx"), `
multipart/mixed "--b--\r\n--b\r\n\r\nx"
`},
		{"no boundary parameter", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx", `
text/plain "--b\r\n\r\nx"
`},
		{"boundary is a prefix of the line", mp("b", "--boo \r\n\r\none\r\n--b--ar"), `
multipart/mixed
 text/plain "one"
`},
		{"not a boundary", mp("bb", "--bb\r\n\r\n-bb\r\n --bb\r\nx--bb\r\n--b\r\n--bb--"), `
multipart/mixed
 text/plain "-bb\r\n --bb\r\nx--bb\r\n--b"
`},
		{"part without header", mp("b", "--b\r\n\r\n--b\r\n--b\r\n\r\n\r\n--b--"), `
multipart/mixed
 text/plain ""
 text/plain ""
 text/plain ""
`},
		{"header cut off by a boundary", mp("b", "--b\r\nContent-Type: text/html\r\n--b\r\n\r\ntwo\r\n--b--"), `
multipart/mixed
 text/html ""
 text/plain "two"
`},
		{"inner boundary is longer", mp("a", "--a\r\nContent-Type: multipart/related; boundary=ab\r\n\r\n--ab\r\n\r\nx\r\n--ab\r\n\r\ny\r\n--ab--\r\n--a\r\n\r\nz\r\n--a--"), `
multipart/mixed
 multipart/related
  text/plain "x"
  text/plain "y"
 text/plain "z"
`},
		{"outer boundary is longer", mp("ab", "--ab\r\nContent-Type: multipart/related; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--ab\r\n\r\nz\r\n--ab--"), `
multipart/mixed
 multipart/related
  text/plain "x"
 text/plain "z"
`},
		{"same boundary nested", mp("a", "--a\r\nContent-Type: multipart/related; boundary=a\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n--a--\r\n"), `
multipart/mixed
 multipart/related
  text/plain "x"
`},
		{"inner multipart not closed", mp("a", "--a\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--a\r\n\r\ny\r\n--a--"), `
multipart/mixed
 multipart/related
  text/plain "x"
 text/plain "y"
`},
		{"message", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody", `
message/rfc822
 text/plain "body"
`},
		{"message within a multipart", mp("b", "--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/x; boundary=c\r\n\r\n--c\r\n\r\nin\r\n--c--\r\n--b--"), `
multipart/mixed
 message/rfc822
  multipart/x
   text/plain "in"
`},
		{"message without body", mp("b", "--b\r\nContent-Type: message/rfc822\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n--b--"), `
multipart/mixed
 message/rfc822
  text/plain ""
 message/rfc822
  text/plain ""
`},
		{"message/global", "Content-Type: message/global\r\n\r\nSubject: x\r\n\r\nbody", `
message/global
 text/plain "body"
`},
		{"encoded message/global", "Content-Type: message/global\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==", `
message/global "QQ=="
`},
		{"other message types are leaves", "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: x\r\n", `
message/delivery-status "Reporting-MTA: x\r\n"
`},
		{"digest", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: 1\r\n\r\none\r\n--b\r\nContent-Type: text/plain\r\n\r\ntwo\r\n--b--", `
multipart/digest
 message/rfc822
  text/plain "one"
 text/plain "two"
`},
		{"quoted boundary with spaces", mp(`"a b"`, "--a b\r\n\r\nx\r\n--a b--"), `
multipart/mixed
 text/plain "x"
`},
		{"boundary without closing quote", mp(`"b`, "--b\r\n\r\nx\r\n--b--"), `
multipart/mixed
 text/plain "x"
`},
		{"boundary in RFC 2231 sections", "Content-Type: multipart/mixed; boundary*1=d; boundary*0=\"bc\"\r\n\r\n--bcd\r\n\r\nx\r\n--bcd--", `
multipart/mixed
 text/plain "x"
`},
		{"NUL and 8-bit", mp("b", "--b\r\n\r\n\x00\xff\r\n--b--"), `
multipart/mixed
 text/plain "\x00\xff"
`},
		{"CR alone ends no line", mp("b", "--b\r\n\r\nx\r--b\ry\r\n--b--"), `
multipart/mixed
 text/plain "x\r--b\ry"
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := strings.TrimPrefix(tt.want, "\n")
			if got := outline(tt.in, parseString(t, tt.in)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// mp is a message of type multipart/mixed.
func mp(boundary, body string) string {
	return "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n" + body
}

// TestParseOffsets spells out what belongs to which part.
func TestParseOffsets(t *testing.T) {
	data := "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"pre\r\n--b\r\nContent-ID: <1>\r\n\r\none\r\n\r\n--b  \r\nContent-ID: <2>\r\n--b--\r\nepilogue"
	root := parseString(t, data)
	for _, tt := range []struct {
		name string
		part *Part
		want [2]string
	}{
		{"message", root, [2]string{data[:strings.Index(data, "pre")], data[strings.Index(data, "pre"):]}},
		{"1", root.Children[0], [2]string{"Content-ID: <1>\r\n\r\n", "one\r\n"}},
		{"2", root.Children[1], [2]string{"Content-ID: <2>", ""}},
	} {
		got := [2]string{data[tt.part.HeaderStart:tt.part.BodyStart], data[tt.part.BodyStart:tt.part.End]}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if root.Lines != 9 || root.Children[0].Lines != 1 {
		t.Errorf("lines %d and %d, want 9 and 1", root.Lines, root.Children[0].Lines)
	}
}

// TestParseWindow checks that it makes no difference where the window on the
// message ends.
func TestParseWindow(t *testing.T) {
	inner := mp("inner", "--inner\r\n\r\nx\r\n--inner--\r\n")
	for pad := windowSize - 300; pad < windowSize+50; pad++ {
		data := mp("outer", "--outer\r\n\r\n"+strings.Repeat("a", pad)+"\r\n--outer\r\n"+inner+"\r\n--outer--\r\n")
		root, err := Parse(strings.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if len(root.Children) != 2 || root.Children[0].Size() != int64(pad) || len(root.Children[1].Children) != 1 {
			t.Fatalf("pad %d: %s", pad, root.AppendBodyStructure(nil, false))
		}
		if root.Children[1].End != int64(len(data)-len("\r\n--outer--\r\n")) {
			t.Fatalf("pad %d: inner ends at %d", pad, root.Children[1].End)
		}
	}
}

func TestParseReadError(t *testing.T) {
	failure := errors.New("disk on fire")
	data := mp("b", "--b\r\n\r\nx")
	r := readerAt{io.MultiReader(strings.NewReader(data), iotest.ErrReader(failure))}
	root, err := Parse(r, int64(len(data))+1)
	if !errors.Is(err, failure) || len(root.Children) != 1 {
		t.Errorf("got %v and %d parts, want %v and 1", err, len(root.Children), failure)
	}
	if _, err := Parse(strings.NewReader("short"), 6); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short message: %v", err)
	}
	if _, err := Summarize(strings.NewReader("short"), 6); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("summary of a short message: %v", err)
	}
	if _, err := Parse(strings.NewReader("x"), -1); err != nil {
		t.Errorf("negative size: %v", err)
	}
}

// readerAt reads front to back only.
type readerAt struct{ r io.Reader }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return io.ReadFull(r.r, p) }

// TestParseMemory holds a large attachment to a small window.
func TestParseMemory(t *testing.T) {
	const size = 50 << 20
	header := []byte(mp("b", "--b\r\nContent-Type: application/pdf\r\n\r\n"))
	r := &patternReader{head: header, size: size}
	allocated := allocatedBy(func() {
		if root, err := Parse(r, size); err != nil || root.Children[0].End != size {
			t.Error("not parsed")
		}
	})
	if allocated > 512<<10 {
		t.Errorf("50 MiB took %d octets of memory", allocated)
	}
}

// allocatedBy returns how many octets of memory f allocates.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// patternReader is a large message that is nowhere in memory.
type patternReader struct {
	head []byte
	size int64
}

func (r *patternReader) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < int64(len(r.head)) {
		n = copy(p, r.head[off:])
	}
	for ; n < len(p) && off+int64(n) < r.size; n++ {
		p[n] = "0123456789abcdef-\n"[(off+int64(n))%18]
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func TestParseDefaults(t *testing.T) {
	root := parseString(t, "Mime-Version: 1.0\r\nContent-ID: <a@b>\r\nContent-ID: <c@d>\r\nContent-Description: a\r\n b\r\nContent-MD5: x\r\nContent-Location: http://x\r\nContent-Language: de, (c) en-US\r\nContent-Disposition: attachment; filename=x.txt\r\nContent-Transfer-Encoding: (c) 8bit\r\n\r\n")
	want := &Part{
		BodyStart: root.BodyStart, End: root.End, Envelope: root.Envelope,
		Type: "text", Subtype: "plain", ID: "<a@b>", Description: "a b", MD5: "x", Location: "http://x",
		Language: []string{"de", "en-US"}, Encoding: "8bit", Disposition: "attachment",
		DispositionParams: []Param{{"filename", "x.txt"}},
	}
	if got, want := root.AppendBodyStructure(nil, true), want.AppendBodyStructure(nil, true); !bytes.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
