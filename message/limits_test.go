package message

import (
	"fmt"
	"strings"
	"testing"
)

// deepest is the level of the lowest part, and that part.
func deepest(p *Part) (int, *Part) {
	level, lowest := 0, p
	for _, c := range p.Children {
		if l, low := deepest(c); l+1 > level {
			level, lowest = l+1, low
		}
	}
	return level, lowest
}

func TestMaxNesting(t *testing.T) {
	for _, n := range []int{MaxNesting - 1, MaxNesting, MaxNesting + 1} {
		var multiparts strings.Builder
		for i := range n {
			fmt.Fprintf(&multiparts, "Content-Type: multipart/mixed; boundary=b%dx\r\n\r\n--b%dx\r\n", i, i)
		}
		for name, data := range map[string]string{
			"multipart": multiparts.String() + "\r\ntext",
			"message":   strings.Repeat("Content-Type: message/rfc822\r\n\r\n", n) + "\r\ntext",
		} {
			level, lowest := deepest(parseString(t, data))
			want := "text/plain"
			if n > MaxNesting {
				want = "application/octet-stream"
			}
			if got := lowest.Type + "/" + lowest.Subtype; level != min(n, MaxNesting) || got != want {
				t.Errorf("%s in %d levels: %s on level %d, want %s", name, n, got, level, want)
			}
			if !strings.HasSuffix(data[lowest.BodyStart:lowest.End], "text") {
				t.Errorf("%s in %d levels: the text is not in the lowest part", name, n)
			}
		}
	}
}

func TestMaxParts(t *testing.T) {
	for _, n := range []int{MaxParts - 1, MaxParts, MaxParts + 1, 2 * MaxParts} {
		// The message itself is one of the parts.
		data := mp("b", strings.Repeat("--b\r\n\r\nx\r\n", n-1)+"--b--\r\n")
		root := parseString(t, data)
		if got, want := len(root.Children), min(n, MaxParts)-1; got != want {
			t.Errorf("%d parts: got %d", n, got)
		}
		last := root.Children[len(root.Children)-1]
		if opaque := last.Is("application", "octet-stream"); opaque != (n >= MaxParts) {
			t.Errorf("%d parts: the last one is %s/%s", n, last.Type, last.Subtype)
		}
		if n >= MaxParts && last.End != root.End {
			t.Errorf("%d parts: the last one ends at %d of %d", n, last.End, root.End)
		}
	}
	// A message/rfc822 part counts as two.
	root := parseString(t, "Content-Type: multipart/digest; boundary=b\r\n\r\n"+strings.Repeat("--b\r\n\r\n\r\nx\r\n", MaxParts))
	if got := len(root.Children); got != MaxParts/2 {
		t.Errorf("%d messages", got)
	}
}

func TestMaxHeader(t *testing.T) {
	const last = "X-Last: here\r\n"
	for _, n := range []int{MaxHeader - 1, MaxHeader, MaxHeader + 1} {
		// The header with its empty line has n octets.
		pad := strings.Repeat("x", n-len("X-Pad: \r\nSubject: s\r\n\r\n"))
		data := "X-Pad: " + pad + "\r\nSubject: s\r\n\r\nbody"
		root := parseString(t, data)
		if root.BodyStart != int64(n) || string(root.Envelope.Subject) != "s" {
			t.Errorf("%d octets: body at %d, subject %q", n, root.BodyStart, root.Envelope.Subject)
		}
		s := summarize(t, data)
		if complete := s.HeaderSet != 0; complete != (n <= MaxHeader) {
			t.Errorf("%d octets: header complete: %v", n, complete)
		}
	}
	// What lies beyond is not looked at, but belongs to the header.
	data := "Subject: " + strings.Repeat("s", MaxHeader) + "\r\nFrom: a@b\r\n" + last + "\r\nbody"
	root := parseString(t, data)
	if len(root.Envelope.Subject) != MaxHeader-len("Subject: ") || root.Envelope.From != nil || data[root.BodyStart:] != "body" {
		t.Errorf("subject of %d octets, from %v, body %q", len(root.Envelope.Subject), root.Envelope.From, data[root.BodyStart:])
	}
	// A boundary within such a header ends it.
	data = mp("b", "--b\r\nX: "+strings.Repeat("x", 2*MaxHeader)+"\r\n--b\r\n\r\nlast\r\n--b--")
	root = parseString(t, data)
	if len(root.Children) != 2 || root.Children[0].Size() != 0 {
		t.Errorf("%s", outline("", root)[:100])
	}
}

func TestMaxBoundary(t *testing.T) {
	for _, n := range []int{MaxBoundary - 1, MaxBoundary, MaxBoundary + 1, 5 * MaxBoundary} {
		b := strings.Repeat("b", n)
		root := parseString(t, mp(b, "--"+b+"\r\n\r\none\r\n--"+b+"\r\n\r\ntwo\r\n--"+b+"\r\n"))
		if len(root.Children) != 2+1 && len(root.Children) != 2 {
			t.Errorf("boundary of %d: %d parts", n, len(root.Children))
		}
	}
}

func TestMaxSummaryHeaders(t *testing.T) {
	for _, n := range []int{MaxSummaryHeaders - 1, MaxSummaryHeaders, MaxSummaryHeaders + 1} {
		field := "Subject: " + strings.Repeat("x", n-len("Subject: \r\n")) + "\r\n"
		s := summarize(t, "X-Other: not counted\r\n"+field+"\r\n")
		if complete := s.HeaderSet != 0; complete != (n <= MaxSummaryHeaders) || complete != (string(s.Headers) == field) {
			t.Errorf("%d octets: set %d with %d octets", n, s.HeaderSet, len(s.Headers))
		}
	}
}
