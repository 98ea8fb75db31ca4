package message

import (
	"bytes"
	"reflect"
	"testing"
	"unicode/utf8"
)

// checkMessage parses a message and checks everything that must hold of any.
func checkMessage(t testing.TB, name string, data []byte) *Part {
	t.Helper()
	root, err := Parse(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if root.HeaderStart != 0 || root.End != int64(len(data)) {
		t.Fatalf("%s: message covers [%d,%d) of %d octets", name, root.HeaderStart, root.End, len(data))
	}
	parts := 0
	checkPart(t, name, data, root, &parts, 0)
	if parts > MaxParts {
		t.Errorf("%s: %d parts", name, parts)
	}
	checkStructure(t, name, root)
	for _, extended := range []bool{false, true} {
		checkWire(t, name, root.AppendBodyStructure(nil, extended))
	}
	checkWire(t, name, root.Envelope.AppendIMAP(nil))
	checkText(t, name, data, root)
	return root
}

// checkPart checks offsets and lines of a part and those below.
func checkPart(t testing.TB, name string, data []byte, p *Part, parts *int, depth int) {
	t.Helper()
	*parts++
	if depth > MaxNesting {
		t.Fatalf("%s: part on level %d", name, depth)
	}
	if p.HeaderStart > p.BodyStart || p.BodyStart > p.End {
		t.Fatalf("%s: part at %d, body at %d, end at %d", name, p.HeaderStart, p.BodyStart, p.End)
	}
	if lines := bytes.Count(data[p.BodyStart:p.End], newline); int64(lines) != p.Lines {
		t.Errorf("%s: part at %d has %d lines, says %d", name, p.HeaderStart, lines, p.Lines)
	}
	if p.Type == "" || p.Subtype == "" {
		t.Errorf("%s: part at %d has type %q/%q", name, p.HeaderStart, p.Type, p.Subtype)
	}
	if p.IsMessage() && (p.Children[0].HeaderStart != p.BodyStart || p.Children[0].End != p.End || p.Children[0].Envelope == nil) {
		t.Errorf("%s: message in part at %d does not fill it", name, p.HeaderStart)
	}
	cursor := p.BodyStart
	for _, c := range p.Children {
		if c.HeaderStart < cursor || c.End > p.End {
			t.Fatalf("%s: part at %d overlaps", name, c.HeaderStart)
		}
		checkPart(t, name, data, c, parts, depth+1)
		cursor = c.End
	}
}

// checkStructure checks that the stored form is that of the tree.
func checkStructure(t testing.TB, name string, root *Part) {
	t.Helper()
	stored := root.AppendStructure(nil)
	got, err := ParseStructure(stored)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if want := storedPart(root); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: stored structure differs\n got  %s\n want %s", name,
			got.AppendBodyStructure(nil, true), want.AppendBodyStructure(nil, true))
	}
}

// storedPart is what of a part the stored form keeps.
func storedPart(p *Part) *Part {
	s := *p
	s.Envelope, s.Description, s.MD5, s.Params, s.Children = nil, "", "", nil, nil
	for _, param := range p.Params {
		if !isBoundaryParam(param) {
			s.Params = append(s.Params, param)
		}
	}
	if p.Disposition == "" {
		s.DispositionParams = nil
	} else if len(s.DispositionParams) == 0 {
		s.DispositionParams = []Param{}
	}
	for _, c := range p.Children {
		s.Children = append(s.Children, storedPart(c))
	}
	return &s
}

// checkWire checks that a value is one that IMAP clients can read.
func checkWire(t testing.TB, name string, b []byte) {
	t.Helper()
	depth := 0
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == 0 || b[i] == '\r' || b[i] == '\n' || b[i] >= 0x80 {
					t.Fatalf("%s: octet %#x in a quoted string of %q", name, b[i], b)
				}
				if b[i] == '\\' {
					i++
				}
			}
		case c == '{':
			n := 0
			for i++; b[i] != '}'; i++ {
				n = n*10 + int(b[i]-'0')
			}
			literal := b[i+len("}\r\n"):][:n]
			if bytes.ContainsAny(literal, "\r\n\x00") {
				t.Fatalf("%s: literal %q", name, literal)
			}
			i += len("}\r\n") + n - 1
		case c != ' ' && c != 'N' && c != 'I' && c != 'L' && !isDigit(c):
			t.Fatalf("%s: %q outside of strings of %q", name, c, b)
		}
		if depth < 0 {
			t.Fatalf("%s: parentheses of %q", name, b)
		}
	}
	if depth != 0 {
		t.Fatalf("%s: parentheses of %q", name, b)
	}
}

// checkText checks that all text of a message comes out as UTF-8.
func checkText(t testing.TB, name string, data []byte, root *Part) {
	t.Helper()
	var text []byte
	r := bytes.NewReader(data)
	if err := root.Text(r, AllText, func(b []byte) bool {
		text = append(text, b...)
		return true
	}); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !utf8.Valid(text) {
		t.Errorf("%s: text is not UTF-8", name)
	}
	s, err := Summarize(r, int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !utf8.ValidString(s.Preview) || utf8.RuneCountInString(s.Preview) > MaxPreview || bytes.ContainsAny([]byte(s.Preview), "\r\n\x00") {
		t.Errorf("%s: preview %q", name, s.Preview)
	}
	if !utf8.ValidString(s.Subject) || !utf8.ValidString(s.BaseSubject) {
		t.Errorf("%s: subject %q", name, s.Subject)
	}
}

// parseString parses a message that a test wrote down.
func parseString(t testing.TB, s string) *Part {
	t.Helper()
	return checkMessage(t, s[:min(len(s), 60)], []byte(s))
}
