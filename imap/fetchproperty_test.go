package imap

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/message"
)

// TestFetchGenerated fetches every section of messages of random structure, and
// sections that they don't have.
func TestFetchGenerated(t *testing.T) {
	srv := newTestServer(t)
	c := newTestClient(t, srv)
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		g := generator{rng: rng, depth: rapid.IntRange(0, 4).Draw(rt, "depth")}
		// Some are too large to ride in the store, and some of their parts to be
		// decoded in memory.
		g.body = []int{20, 2_000, 80_000, 400_000}[rapid.SampledFrom([]int{0, 0, 0, 0, 1, 1, 2, 3}).Draw(rt, "size")]
		text := g.message()
		uid := put(t, srv, text)
		c.do("NOOP")
		checkSections(rt, c, rng, uid, text)
	})
}

// A generator makes messages.
type generator struct {
	rng   *rand.Rand
	depth int
	body  int // octets of a leaf at most
	count int // of boundaries
}

func (g *generator) message() []byte {
	header := "From: anna@example.org\r\nSubject: generated\r\n"
	for i := range g.rng.IntN(4) {
		header += fmt.Sprintf("X-Field-%d: %s\r\n", i%2, strings.Repeat("value\r\n\t", g.rng.IntN(3)+1)+"end")
	}
	return append([]byte(header), g.part(g.depth)...)
}

// part makes the Content-* fields, an empty line and a body.
func (g *generator) part(depth int) []byte {
	kind := g.rng.IntN(8)
	switch {
	case depth > 0 && kind < 4:
		return g.multipart(depth)
	case depth > 0 && kind == 4:
		return append([]byte("Content-Type: message/rfc822\r\n\r\n"), (&generator{rng: g.rng, depth: depth - 1, body: g.body, count: g.count + 100*depth}).message()...)
	case kind == 5:
		data := make([]byte, g.rng.IntN(g.body+1))
		for i := range data {
			data[i] = byte(g.rng.IntN(256))
		}
		if g.rng.IntN(2) == 0 { // without NUL
			data = bytes.ReplaceAll(data, []byte{0}, []byte{1})
		}
		return append([]byte("Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"), inLines(base64.StdEncoding.EncodeToString(data))...)
	case kind == 6:
		return append([]byte("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"), g.lines("=C3=BC soft=\r\n")...)
	}
	return append([]byte("Content-Type: text/plain\r\n\r\n"), g.lines("plain text\r\n")...)
}

func (g *generator) multipart(depth int) []byte {
	g.count++
	boundary := fmt.Sprintf("b%d", g.count)
	out := fmt.Appendf(nil, "Content-Type: multipart/mixed; boundary=%s\r\n\r\n", boundary)
	if g.rng.IntN(2) == 0 {
		out = append(out, "preamble\r\n"...)
	}
	for range g.rng.IntN(4) {
		out = fmt.Appendf(out, "--%s\r\n", boundary)
		out = append(append(out, g.part(depth-1)...), "\r\n"...)
	}
	if g.rng.IntN(8) > 0 { // or it is never closed
		out = fmt.Appendf(out, "--%s--\r\n", boundary)
	}
	return out
}

// lines repeats a line, and cuts it off somewhere.
func (g *generator) lines(line string) string {
	n := g.rng.IntN(g.body + 1)
	return strings.Repeat(line, n/len(line)+1)[:n]
}

func inLines(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s)
	return b.String()
}

// fataler is what checks need of a testing.T or a rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkSections compares what FETCH says of a message with its octets.
func checkSections(t fataler, c *testClient, rng *rand.Rand, uid uint32, text []byte) {
	t.Helper()
	root, err := message.Parse(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	got := c.fetch(uid, "RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT]")
	if got["RFC822.SIZE"] != strconv.Itoa(len(text)) || got["BODY[]"] != shown(text) {
		t.Fatalf("BODY[] is not what was stored, but %d octets of %d", len(got["BODY[]"]), len(text))
	}
	if got["BODY[HEADER]"]+got["BODY[TEXT]"] != got["BODY[]"] {
		t.Fatalf("HEADER and TEXT together are not the message")
	}
	for _, path := range pathsOf(root, rng) {
		checkPart(t, c, rng, uid, text, root, path)
	}
	checkFields(t, c, uid, text, root)
}

// shown is how octets look in a literal.
func shown(b []byte) string { return strings.ReplaceAll(string(b), "\x00", "?") }

// pathsOf returns the numbers of all parts, or some if there are many, and of
// some that are not there.
func pathsOf(root *message.Part, rng *rand.Rand) [][]int {
	paths := [][]int{nil}
	for i := 0; i < len(paths) && len(paths) < 40; i++ {
		for n := 1; n <= 20; n++ {
			path := append(append([]int(nil), paths[i]...), n)
			if root.Find(path) == nil {
				if rng.IntN(4) == 0 {
					paths = append(paths, path)
				}
				break
			}
			paths = append(paths, path)
		}
		if len(paths[i]) > 12 {
			break
		}
	}
	return paths
}

func checkPart(t fataler, c *testClient, rng *rand.Rand, uid uint32, text []byte, root *message.Part, path []int) {
	t.Helper()
	number := strings.Trim(strings.ReplaceAll(fmt.Sprint(path), " ", "."), "[]")
	prefix := number
	if number != "" {
		prefix += "."
	}
	for name, what := range map[string]message.Specifier{
		number: message.Body, prefix + "HEADER": message.Header, prefix + "TEXT": message.Text, prefix + "MIME": message.MIME,
	} {
		if name == "MIME" {
			continue // it needs a number
		}
		want := missing
		if from, to, ok := root.Range(path, what); ok {
			want = shown(text[from:to])
		}
		if got := c.fetch(uid, "BODY.PEEK["+name+"]")["BODY["+name+"]"]; got != want {
			t.Fatalf("BODY[%s] is %.200q, want %.200q", name, got, want)
		}
		if want != missing {
			checkWindows(t, c, rng, uid, "BODY", name, want)
		}
	}
	checkBinary(t, c, rng, uid, text, root, path, number)
}

// checkWindows puts a section together from pieces.
func checkWindows(t fataler, c *testClient, rng *rand.Rand, uid uint32, item, name, want string) {
	t.Helper()
	size := rng.IntN(len(want)/3+10) + 1
	var all strings.Builder
	for at := 0; at <= len(want)+1; at += size {
		got, ok := c.fetch(uid, fmt.Sprintf("%s.PEEK[%s]<%d.%d>", item, name, at, size))[fmt.Sprintf("%s[%s]<%d>", item, name, at)]
		if !ok {
			t.Fatalf("%s[%s]<%d.%d> has no answer of that name", item, name, at, size)
		}
		all.WriteString(strings.TrimPrefix(got, asLiteral8))
	}
	if all.String() != want {
		t.Fatalf("%s[%s] in pieces of %d differs from the whole", item, name, size)
	}
}

func checkBinary(t fataler, c *testClient, rng *rand.Rand, uid uint32, text []byte, root *message.Part, path []int, number string) {
	t.Helper()
	want, size := missing, "0"
	part := root.Find(path)
	if part != nil {
		from, encoding := part.BodyStart, part.Encoding
		if len(part.Children) > 0 || len(path) == 0 {
			encoding = ""
		}
		if len(path) == 0 {
			from = 0
		}
		decoded, err := io.ReadAll(message.NewDecoder(encoding, bytes.NewReader(text[from:part.End])))
		if err != nil {
			t.Fatalf("decoding part %s: %v", number, err)
		}
		want, size = string(decoded), strconv.Itoa(len(decoded))
		if bytes.IndexByte(decoded, 0) >= 0 {
			want = asLiteral8 + want
		}
	}
	got := c.fetch(uid, fmt.Sprintf("BINARY.SIZE[%s] BINARY.PEEK[%[1]s]", number))
	if got["BINARY.SIZE["+number+"]"] != size || got["BINARY["+number+"]"] != want {
		t.Fatalf("BINARY[%s] is %.200q of size %s, want %.200q", number, got["BINARY["+number+"]"], got["BINARY.SIZE["+number+"]"], want)
	}
	if part != nil {
		checkWindows(t, c, rng, uid, "BINARY", number, strings.TrimPrefix(want, asLiteral8))
	}
}

// checkFields fetches subsets of the header, some that are kept beside the
// message and some that are not.
func checkFields(t fataler, c *testClient, uid uint32, text []byte, root *message.Part) {
	t.Helper()
	header := text[:root.BodyStart]
	for _, names := range [][]string{{"Subject"}, {"FROM", "subject"}, {"X-Field-1"}, {"Subject", "X-Field-0"}, {"X-None"}} {
		list := " (" + strings.Join(names, " ") + ")"
		for item, not := range map[string]bool{"HEADER.FIELDS" + list: false, "HEADER.FIELDS.NOT" + list: true} {
			want := shown(message.AppendFields(nil, header, names, not))
			if got := c.fetch(uid, "BODY.PEEK["+item+"]")["BODY["+item+"]"]; got != want {
				t.Fatalf("BODY[%s] is %q, want %q", item, got, want)
			}
		}
	}
}
