package imap

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/imap/wire"
	"poststube/mail"
	"poststube/message"
	"poststube/uidset"
)

// readFetchItems returns the request of a FETCH for the items.
func readFetchItems(t *testing.T, items string) *fetchRequest {
	t.Helper()
	d := wire.NewDecoder(bufio.NewReader(strings.NewReader(" 1 ("+items+")\r\n")), wire.LimitsAfterLogin())
	d.Next()
	p := &parser{Decoder: d, tables: newTables(extensions())}
	p.SP()
	r := &fetchRequest{numbers: readNumbers(p, false)}
	p.SP()
	p.List1(func() { readFetchItem(p, r, p.Label()) })
	if err := p.Err(); err != nil {
		t.Fatalf("FETCH (%s): %v", items, err)
	}
	return r
}

// TestFetchReadsOnlyWhatItNeeds tells which items need more of a message than
// what is kept beside it.
func TestFetchReadsOnlyWhatItNeeds(t *testing.T) {
	summary, err := message.Summarize(strings.NewReader("Subject: a\r\n\r\nb"), 15)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		items  string
		fields mail.Fields
		octets bool
	}{
		{"UID FLAGS MODSEQ", mail.WantFlagsOnly, false},
		{"FLAGS UID RFC822.SIZE", 0, false},
		{"INTERNALDATE SAVEDATE EMAILID THREADID FLAGS", 0, false},
		{"FLAGS ENVELOPE BODYSTRUCTURE BODY PREVIEW", mail.WantRendered, false},
		{"BODY.PEEK[HEADER.FIELDS (REFERENCES List-Id importance)] UID", mail.WantRendered, false},
		{"BODY[HEADER.FIELDS (Date From To Cc Subject Message-ID)]<0.100>", mail.WantRendered, false},
		{"BODY[HEADER.FIELDS (Date X-Rare)]", mail.WantRendered, true},
		{"BODY[HEADER.FIELDS.NOT (Date)]", mail.WantStructure | mail.WantRaw, true},
		{"BODY[HEADER]", mail.WantStructure | mail.WantRaw, true},
		{"BODY[1.HEADER.FIELDS (Date)]", mail.WantStructure | mail.WantRaw, true},
		{"UID BODY[]", mail.WantStructure | mail.WantRaw, true},
		{"BINARY.SIZE[1]", mail.WantStructure | mail.WantRaw, true},
	} {
		r := readFetchItems(t, test.items)
		if r.fields != test.fields {
			t.Errorf("%s: fields %b, want %b", test.items, r.fields, test.fields)
		}
		f := fetcher{parts: r.parts}
		if got := f.needsOctets(&mail.Message{HeaderSet: summary.HeaderSet}); got != test.octets {
			t.Errorf("%s: needs the octets: %v, want %v", test.items, got, test.octets)
		}
		if test.octets != (f.fields&mail.WantRaw != 0) {
			t.Errorf("%s: asks for octets from now on: %v", test.items, f.fields)
		}
	}
}

// TestFetchLimits is about limits at the last number that is allowed and the
// first that is not.
func TestFetchLimits(t *testing.T) {
	c := newTestClient(t, newTestServer(t))
	var items []string
	for i := range maxFetchParts {
		items = append(items, fmt.Sprintf("BODY.PEEK[%d]", i+1))
	}
	for _, test := range []struct {
		command, want string
	}{
		{"FETCH 1 (" + strings.Join(items[:maxFetchParts], " ") + ")", "OK"},
		{"FETCH 1 (" + strings.Join(items, " ") + " UID)", "NO [LIMIT]"},
		// The same item again is none.
		{"FETCH 1 (" + strings.Repeat("UID ", 2000) + "UID)", "OK"},
		{"SEARCH " + nested(49), "OK"},
		{"SEARCH " + nested(50), "NO [LIMIT]"},
		{"SEARCH " + strings.Repeat("NOT ", 49) + "ALL", "OK"},
		{"SEARCH " + strings.Repeat("NOT ", 50) + "ALL", "NO [LIMIT]"},
		{"SEARCH " + strings.Repeat("OR ALL ", 49) + "ALL", "OK"},
		{"SEARCH " + strings.Repeat("OR ALL ", 50) + "ALL", "NO [LIMIT]"},
		{"SEARCH " + strings.Repeat("ALL ", 5000) + "ALL", "OK"},
		{"FETCH 1 BODY[" + strings.Repeat("1.", 99) + "1]", "OK"},
		{"FETCH 1 BODY[" + strings.Repeat("1.", 100) + "1]", "NO [LIMIT]"},
		{"FETCH 1 BODY[4294967295.4294967295]", "OK"},
		{"FETCH 1 BODY[4294967296]", "BAD"},
	} {
		if _, tagged := c.ask("%s", test.command); !strings.HasPrefix(tagged, test.want) {
			t.Errorf("%.60s… is answered with %s, want %s", test.command, tagged, test.want)
		}
	}
}

// nested is ALL in n parentheses.
func nested(n int) string { return strings.Repeat("(", n) + "ALL" + strings.Repeat(")", n) }

func TestWindow(t *testing.T) {
	for _, test := range []struct {
		window         window
		size, from, to int64
	}{
		{window{}, 10, 0, 10},
		{window{}, 0, 0, 0},
		{window{0, 10}, 10, 0, 10},
		{window{0, 11}, 10, 0, 10},
		{window{3, 4}, 10, 3, 7},
		{window{9, 4}, 10, 9, 10},
		{window{10, 4}, 10, 10, 10},
		{window{11, 4}, 10, 10, 10},
		{window{math.MaxInt64, math.MaxInt64}, 10, 10, 10},
		{window{1, math.MaxInt64}, 10, 1, 10},
		{window{0, 1}, 0, 0, 0},
	} {
		if from, to := test.window.of(test.size); from != test.from || to != test.to {
			t.Errorf("%v of %d: [%d,%d), want [%d,%d)", test.window, test.size, from, to, test.from, test.to)
		}
	}
}

// TestPage compares pages with what their definition says, member by member.
func TestPage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := rapid.SliceOfN(rapid.Uint32Range(1, 60), 0, 30).Draw(t, "members")
		edge := rapid.OneOf(rapid.Uint32Range(1, 35), rapid.Just(uint32(math.MaxUint32)))
		pg := page{first: edge.Draw(t, "first"), last: edge.Draw(t, "last"), fromEnd: rapid.Bool().Draw(t, "from end")}
		set := uidset.Of(members...)
		list := slices.Collect(set.All())
		if pg.fromEnd {
			slices.Reverse(list)
		}
		var want uidset.Set
		for i, uid := range list {
			if n := uint64(i + 1); n >= uint64(min(pg.first, pg.last)) && n <= uint64(max(pg.first, pg.last)) {
				want = want.Union(uidset.Of(uid))
			}
		}
		if got := pg.of(set); !got.Equal(want) {
			t.Fatalf("page %s of %s is %q, want %q", pg.append(nil), set, got, want)
		}
	})
}

// TestBadCharsetNamesCharsetsThatAreKnown keeps what BADCHARSET offers true.
func TestBadCharsetNamesCharsetsThatAreKnown(t *testing.T) {
	_, list, _ := strings.Cut(strings.TrimSuffix(badCharset, ")"), "(")
	for _, name := range strings.Fields(list) {
		if c := findSearchCharset(name); !c.known {
			t.Errorf("%s is offered, but not known", name)
		}
	}
	if c := findSearchCharset("KLINGON"); c.known {
		t.Error("KLINGON is known")
	}
}

// FuzzFetch fetches arbitrary items of a message. Whatever they are, there is an
// answer, and a FETCH response can be read by a client.
func FuzzFetch(f *testing.F) {
	for _, items := range []string{
		"BODY.PEEK[1.2.MIME]<0.5>", "BODY[HEADER.FIELDS.NOT (\"a\" b)]<3.9> UID", "BINARY[2]<1.2>", "BINARY.SIZE[] RFC822",
		"PREVIEW (LAZY) ENVELOPE BODYSTRUCTURE", "BODY[2.1.TEXT] body FLAGS MODSEQ EMAILID THREADID SAVEDATE", "RFC822.TEXT RFC822.HEADER INTERNALDATE",
	} {
		f.Add(items)
	}
	srv := newTestServer(f)
	uid := put(f, srv, []byte("Subject: fuzz\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n"+
		"Content-Type: message/rfc822\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--b--\r\n"))
	f.Fuzz(func(t *testing.T, items string) {
		if strings.ContainsAny(items, "\r\n\x00") {
			return // it would be several lines, or none with a tag
		}
		c := newTestClient(t, srv)
		untagged, tagged := c.ask("UID FETCH %d (%s)", uid, items)
		for _, line := range untagged {
			if bytes.HasPrefix(line, []byte("* BYE")) {
				t.Fatalf("FETCH (%q): %s", items, line)
			}
			if bytes.Contains(line, []byte(" FETCH (")) && !readable(line) {
				t.Fatalf("FETCH (%q) is answered with %q", items, line)
			}
		}
		if !strings.HasPrefix(tagged, "OK") && !strings.HasPrefix(tagged, "NO") && !strings.HasPrefix(tagged, "BAD") {
			t.Fatalf("FETCH (%q) is answered with %q", items, tagged)
		}
	})
}

// readable tells whether a response is a list of names and values, with balanced
// parentheses outside of strings.
func readable(line []byte) bool {
	depth := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '"':
			for i++; i < len(line) && line[i] != '"'; i++ {
				if line[i] == '\\' {
					i++
				}
			}
		case '{':
			end := i + bytes.IndexByte(line[i:], '\n') + 1
			n := literalSize(line[i:max(i, end)])
			if n < 0 {
				return false
			}
			i = end + n - 1
		}
	}
	return depth == 0
}
