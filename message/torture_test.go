package message

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Budgets for hostile messages, from the promise of bounded work: amortised
// over the size of the message, beyond a constant for its parts.
const (
	nanosPerOctet = 20
	bytesPerOctet = 8
	// A part takes some 300 octets of memory however short it is, and its
	// answers to IMAP about as much.
	bytesPerPart = 1 << 10
	fixedBytes   = 1 << 20
)

// underBudget parses and summarizes a message and fails if that takes more
// than the budget. The time is measured three times and the best one counts,
// with a factor for what else the machine does.
func underBudget(t *testing.T, data string) *Part {
	t.Helper()
	factor := time.Duration(10)
	if raceEnabled {
		factor = 200
	}
	limit := factor * time.Duration(len(data)*nanosPerOctet+2_000_000)
	var root *Part
	best := time.Duration(1 << 62)
	for range 3 {
		start := time.Now()
		s, err := Summarize(strings.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		if root, err = ParseStructure(s.Structure); err != nil {
			t.Fatal(err)
		}
		best = min(best, time.Since(start))
		if best < limit {
			break
		}
	}
	t.Logf("%.1f ns/octet", float64(best)/float64(len(data)))
	if best > limit {
		t.Errorf("%d octets took %v, more than %v", len(data), best, limit)
	}
	parts := 0
	root.Walk(func(*Part) bool { parts++; return true })
	r := strings.NewReader(data)
	var parsed *Part
	memory := allocatedBy(func() {
		var err error
		if parsed, err = Parse(r, int64(len(data))); err != nil {
			t.Error(err)
		}
	})
	t.Logf("%.1f bytes/octet over parts", float64(int(memory)-parts*bytesPerPart)/float64(len(data)))
	if limit := uint64(len(data)*bytesPerOctet + parts*bytesPerPart + fixedBytes); memory > limit {
		t.Errorf("%d octets with %d parts took %d octets of memory, more than %d", len(data), parts, memory, limit)
	}
	return parsed
}

// TestTorture has a message for each way in which mail has brought down a
// server, see CVE-2020-12100, -24386, 2024-23184, -23185, 2026-26312, -27859,
// -47088 and others.
func TestTorture(t *testing.T) {
	rep := strings.Repeat
	nested := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
		}
		return b.String()
	}
	tests := map[string]string{
		"100,000 address fields":                rep("To: Anna <anna@example.org>\r\n", 100_000) + "\r\n",
		"500,000 lines in one field":            "To: " + rep("a@b,\r\n ", 500_000) + "\r\n\r\n",
		"header of 10 MiB":                      rep("X-Field: "+rep("x", 90)+"\r\n", 100_000) + "\r\nbody",
		"one line of 10 MiB":                    "Subject: " + rep("x", 10<<20) + "\r\n\r\n",
		"header without end":                    rep("x", 10<<20),
		"folded n times":                        "Subject: x" + rep("\r\n x", 300_000) + "\r\n\r\n",
		"folded white space":                    "Subject: x" + rep("\r\n ", 300_000) + "\r\n\r\n",
		"colons":                                rep(":\r\n", 300_000),
		"nested multiparts":                     nested(20_000),
		"nested messages":                       rep("Content-Type: message/rfc822\r\n\r\n", 50_000),
		"nested digests":                        rep("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n", 20_000),
		"100,000 parts":                         mp("b", rep("--b\r\n\r\nx\r\n", 100_000)),
		"100,000 empty parts":                   mp("b", rep("--b\n", 100_000)),
		"100,000 messages":                      "Content-Type: multipart/digest; boundary=b\r\n\r\n" + rep("--b\r\n\r\n\r\n", 100_000),
		"lines that look like boundaries":       mp("b", rep("--\r\n", 500_000)),
		"boundaries with a common prefix":       prefixes(100),
		"long boundary":                         mp(rep("b", 100_000), rep("--"+rep("b", 1000)+"\r\n", 1000)),
		"comments nested 100,000 deep":          "To: " + rep("(", 100_000) + rep(")", 100_000) + "a@b\r\n\r\n",
		"comments never closed":                 "To: " + rep("(", 300_000) + "\r\nContent-Type: " + rep("(", 300_000) + "\r\n\r\n",
		"comments closed once":                  "To: " + rep("(a@b,", 100_000) + ")\r\n\r\n",
		"quotes never closed":                   "To: " + rep("\"\\", 300_000) + "\r\nContent-Type: a/b" + rep(";\"", 300_000) + "\r\n\r\n",
		"escapes":                               "To: \"" + rep("\\\"", 300_000) + "\" <a@b>\r\n\r\n",
		"angles":                                "To: " + rep("<", 300_000) + "\r\nReferences: " + rep("<", 300_000) + "\r\n\r\n",
		"routes":                                "To: <" + rep("@a,", 300_000) + "\r\n\r\n",
		"words":                                 "To: " + rep("a ", 300_000) + "\r\n\r\n",
		"dots":                                  "To: " + rep(". ", 300_000) + "@b\r\n\r\n",
		"groups":                                "To: " + rep("g:", 300_000) + "\r\n\r\n",
		"empty quoted local parts":              "To: " + rep("\"\"@,", 100_000) + "\r\n\r\n",
		"parameters":                            "Content-Type: a/b" + rep("; a=b", 200_000) + "\r\n\r\n",
		"RFC 2231 sections":                     "Content-Type: a/b" + sections("; n*%d=x", 100_000) + "\r\n\r\n",
		"RFC 2231 sections in descending order": "Content-Type: a/b" + sections("; n*-%d*=x", 1000) + "\r\n\r\n",
		"RFC 2231 names":                        "Content-Type: a/b" + sections("; n%d*0*=x", 100_000) + "\r\n\r\n",
		"semicolons":                            "Content-Type: a/b" + rep(";", 500_000) + "\r\nContent-Disposition: x" + rep(";x", 300_000) + "\r\n\r\n",
		"languages":                             "MIME-Version: 1.0\r\nContent-Language: " + rep("x,", 300_000) + "\r\n\r\n",
		"encoded words":                         "Subject: " + rep("=?utf-8?q?=C3?= ", 50_000) + "\r\n\r\n",
		"encoded words never closed":            "Subject: " + rep("=?utf-8?q?x", 50_000) + "\r\n\r\n",
		"encoded words closed once":             "Subject: " + rep("=?x", 300_000) + "?=\r\n\r\n",
		"encoded words in many charsets":        "Subject: " + rep("=?koi8-r?q?=C3?= =?gb18030?b?w7w?= ", 20_000) + "\r\n\r\n",
		"subject leaders":                       "Subject: " + rep("Re: ", 200_000) + "\r\n\r\n",
		"subject blobs":                         "Subject: " + rep("[a]", 300_000) + "x\r\n\r\n",
		"subject blobs never closed":            "Subject: " + rep("[a", 300_000) + "x\r\n\r\n",
		"subject trailers":                      "Subject: " + rep("(fwd) ", 150_000) + "\r\n\r\n",
		"subject forwards":                      "Subject: " + rep("[fwd: ", 100_000) + rep("]", 100_000) + "\r\n\r\n",
		"subject re and blobs":                  "Subject: re" + rep(" [a]", 200_000) + "\r\n\r\n",
		"dates":                                 "Date: " + rep("1:", 400_000) + "\r\n\r\n",
		"message ids":                           "References: " + rep("<a@b>", 200_000) + "\r\nMessage-ID: " + rep("<a", 300_000) + "\r\n\r\n",
		"HTML tags":                             "Content-Type: text/html\r\n\r\n" + rep("<", 1_000_000),
		"HTML references":                       "Content-Type: text/html\r\n\r\n" + rep("&#x1;", 200_000),
		"HTML comments":                         "Content-Type: text/html\r\n\r\n" + rep("<!--", 250_000),
		"white space in quoted-printable":       "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + rep(" ", 1_000_000),
		"one line of uuencode":                  "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin " + rep("x", 1_000_000),
		"NUL":                                   rep("\x00", 1_000_000),
		"line feeds":                            "A: b" + rep("\n", 1_000_000),
		"carriage returns":                      rep("\r", 1_000_000),
		"truncated UTF-8":                       "Subject: " + rep("\xe2\x82 ", 200_000) + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + rep("\xf0\x9f\x98", 100_000),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			root := underBudget(t, data)
			if root.End != int64(len(data)) {
				t.Errorf("message ends at %d of %d", root.End, len(data))
			}
			textUnderBudget(t, root, data)
		})
	}
}

// textUnderBudget reads all text of a message within the budget.
func textUnderBudget(t *testing.T, root *Part, data string) {
	t.Helper()
	limit := 50 * time.Duration(len(data)*nanosPerOctet+2_000_000)
	if raceEnabled {
		limit *= 20
	}
	start, size := time.Now(), 0
	if err := root.Text(strings.NewReader(data), AllText, func(b []byte) bool {
		size += len(b)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f ns/octet text", float64(time.Since(start))/float64(len(data)))
	if took := time.Since(start); took > limit {
		t.Errorf("text of %d octets took %v", len(data), took)
	}
	if size > 4*len(data)+MaxParts*16 {
		t.Errorf("%d octets of text from %d", size, len(data))
	}
}

// sections is n parameters of a format that takes their number.
func sections(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// prefixes nests multiparts whose boundaries begin with one another, around
// many lines that begin with all of them.
func prefixes(n int) string {
	var b bytes.Buffer
	for i := range n {
		boundary := strings.Repeat("b", i+1)
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n", boundary, boundary)
	}
	b.WriteString("\r\n")
	for range 20_000 {
		b.WriteString("-- " + strings.Repeat("b", n) + "\r\n")
		b.WriteString("--c" + strings.Repeat("b", n) + "\r\n")
	}
	return b.String()
}
