package dovecot

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime/quotedprintable"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"poststube/message"
)

// batch is how many messages are in the mailbox at once.
const batch = 200

func TestCompareWithDovecot(t *testing.T) {
	messages := corpus(t)
	c := login(t, startDovecot(t))
	var s score
	for n := 0; len(messages) > 0; n++ {
		part := messages[:min(batch, len(messages))]
		messages = messages[len(part):]
		if err := compareBatch(t, c, &s, fmt.Sprintf("batch%d", n), part); err != nil {
			t.Fatal(err)
		}
	}
	s.report(t)
	s.checkStale(t)
}

// login connects as some user.
func login(t *testing.T, addr string) *client {
	t.Helper()
	c, err := dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	if _, err := c.command(nil, "LOGIN anna secret"); err != nil {
		t.Fatal(err)
	}
	return c
}

func compareBatch(t *testing.T, c *client, s *score, mailbox string, messages []sample) error {
	if _, err := c.command(nil, "CREATE %s", mailbox); err != nil {
		return err
	}
	for _, m := range messages {
		if _, err := c.command(m.data, "APPEND %s", mailbox); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if _, err := c.command(nil, "EXAMINE %s", mailbox); err != nil {
		return err
	}
	for i, m := range messages {
		root, err := message.Parse(bytes.NewReader(m.data), int64(len(m.data)))
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		for _, want := range [...]map[string]token{answers(root, m.data), headerFields(root, m.data)} {
			items := make([]string, 0, len(want))
			for name := range want {
				items = append(items, strings.Replace(name, "BODY[", "BODY.PEEK[", 1))
			}
			got, err := c.fetch(i+1, items)
			if err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			s.compare(t, m.name, got, want)
		}
		s.messages++
		if err := compareBinary(t, c, s, i+1, m, root); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	_, err := c.command(nil, "CLOSE")
	return err
}

// answers gives what package message says to every item and section of a
// message, and to some sections that do not exist.
func answers(root *message.Part, data []byte) map[string]token {
	want := map[string]token{
		"RFC822.SIZE":   {leaf: true, text: strconv.Itoa(len(data))},
		"ENVELOPE":      wire(root.Envelope.AppendIMAP(nil)),
		"BODY":          wire(root.AppendBodyStructure(nil, false)),
		"BODYSTRUCTURE": wire(root.AppendBodyStructure(nil, true)),
	}
	section := func(path []int, what message.Specifier, name string) {
		start, end, ok := root.Range(path, what)
		label := sectionName(path, name)
		if !ok {
			want[label] = token{leaf: true, text: "NIL", isNil: true}
			return
		}
		// Dovecot turns NUL, which IMAP cannot carry, into 0x80.
		text := bytes.ReplaceAll(data[start:end], []byte{0}, []byte{0x80})
		want[label] = token{leaf: true, text: string(text)}
	}
	section(nil, message.Body, "")
	section(nil, message.Header, "HEADER")
	section(nil, message.Text, "TEXT")
	for _, n := range numbered(root) {
		section(n.path, message.Body, "")
		section(n.path, message.MIME, "MIME")
		if n.part.IsMessage() {
			section(n.path, message.Header, "HEADER")
			section(n.path, message.Text, "TEXT")
		}
		next := slices.Clone(n.path)
		next[len(next)-1]++
		if root.Find(next) == nil {
			section(next, message.Body, "")
		}
	}
	return want
}

// headerFields gives what package message says to HEADER.FIELDS. It is asked
// for apart from the rest: once Dovecot has cached single fields it no longer
// takes white space off the date in ENVELOPE.
func headerFields(root *message.Part, data []byte) map[string]token {
	want := map[string]token{}
	for _, names := range [...][]string{{"SUBJECT", "FROM", "X-MISSING"}, {"RECEIVED"}, {"X-MISSING"}} {
		list := " (" + strings.Join(names, " ") + ")]"
		for label, not := range map[string]bool{"BODY[HEADER.FIELDS": false, "BODY[HEADER.FIELDS.NOT": true} {
			fields := message.AppendFields(nil, data[:root.BodyStart], names, not)
			fields = bytes.ReplaceAll(fields, []byte{0}, []byte{0x80})
			want[label+list] = token{leaf: true, text: string(fields)}
		}
	}
	return want
}

// A numberedPart is a part with its IMAP number.
type numberedPart struct {
	path []int
	part *message.Part
}

// numbered lists the parts of a message that have a number of their own (RFC
// 9051 section 6.4.5.1).
func numbered(root *message.Part) []numberedPart {
	var all []numberedPart
	var visit func(p *message.Part, path []int)
	parts := func(p *message.Part, path []int) { // of a message or multipart
		if !p.IsMultipart() {
			visit(p, append(slices.Clone(path), 1))
			return
		}
		for i, child := range p.Children {
			visit(child, append(slices.Clone(path), i+1))
		}
	}
	visit = func(p *message.Part, path []int) {
		all = append(all, numberedPart{path, p})
		switch {
		case p.IsMessage():
			parts(p.Children[0], path)
		case p.IsMultipart():
			parts(p, path)
		}
	}
	parts(root, nil)
	return all
}

// compareBinary compares the decoded content of all leaves that are valid in
// their encoding; on others Dovecot breaks the connection off.
func compareBinary(t *testing.T, c *client, s *score, seq int, m sample, root *message.Part) error {
	want := map[string]token{}
	var items []string
	for _, n := range numbered(root) {
		body := m.data[n.part.BodyStart:n.part.End]
		if len(n.part.Children) > 0 || !isValid(n.part.Encoding, body) {
			continue
		}
		label := "BINARY" + strings.TrimPrefix(sectionName(n.path, ""), "BODY")
		items = append(items, strings.Replace(label, "[", ".PEEK[", 1))
		decoded, err := io.ReadAll(message.NewDecoder(n.part.Encoding, bytes.NewReader(body)))
		if err != nil {
			t.Errorf("%s %s: %v", m.name, label, err)
		}
		want[label] = token{leaf: true, text: string(decoded)}
	}
	if len(items) == 0 {
		return nil
	}
	got, err := c.fetch(seq, items)
	if err != nil {
		if strings.Contains(err.Error(), "[PARSE]") {
			s.refused++
			return nil
		}
		return err
	}
	s.compare(t, m.name, got, want)
	s.binary += len(items)
	return nil
}

// isValid reports whether a body is base64 or quoted-printable by the letter
// of RFC 2045.
func isValid(encoding string, body []byte) bool {
	switch strings.ToLower(encoding) {
	case "base64":
		text := bytes.ReplaceAll(body, []byte("\r\n"), nil)
		_, err := base64.StdEncoding.Strict().DecodeString(string(text))
		return err == nil && len(text) > 0
	case "quoted-printable":
		_, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body)))
		return err == nil && !badEscape.Match(body)
	}
	return false
}

var badEscape = regexp.MustCompile(`=[^0-9A-F\r]|=[0-9A-F][^0-9A-F]|=\r[^\n]|=$`)

func sectionName(path []int, name string) string {
	var parts []string
	for _, n := range path {
		parts = append(parts, strconv.Itoa(n))
	}
	if name != "" {
		parts = append(parts, name)
	}
	return "BODY[" + strings.Join(parts, ".") + "]"
}

// wire reads our own answer as a client would.
func wire(b []byte) token {
	tokens, err := parseTokens(b)
	if err != nil || len(tokens) != 1 {
		return token{leaf: true, text: fmt.Sprintf("UNREADABLE %v: %q", err, b)}
	}
	return tokens[0]
}
