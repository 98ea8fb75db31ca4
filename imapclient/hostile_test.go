package imapclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"poststube/uidset"
)

// A scripted server says what it was told to, whatever the client asks. Lines
// that the client sends are kept.
type scripted struct {
	io.Reader
	sent bytes.Buffer
}

func (s *scripted) Write(p []byte) (int, error)      { return s.sent.Write(p) }
func (s *scripted) Close() error                     { return nil }
func (s *scripted) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *scripted) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *scripted) SetDeadline(time.Time) error      { return nil }
func (s *scripted) SetReadDeadline(time.Time) error  { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }

func script(lines ...string) *scripted {
	return &scripted{Reader: strings.NewReader(strings.Join(lines, "\r\n") + "\r\n")}
}

const hello = "* OK hello"

// open returns a client to whom the script is said.
func open(t *testing.T, lines ...string) (*Client, *scripted) {
	t.Helper()
	s := script(append([]string{hello, "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", "P1 OK done"}, lines...)...)
	c, err := New(t.Context(), s, Options{Security: Plain, MaxMessage: 100})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// TestRefusesToBegin: a client goes no further, and above all sends no password.
func TestRefusesToBegin(t *testing.T) {
	for _, tt := range []struct {
		name     string
		security Security
		script   *scripted
		want     string
	}{
		{"PREAUTH", Plain, script("* PREAUTH welcome", "P1 OK"), "wants no login"},
		{"PREAUTH instead of TLS", StartTLS, script("* PREAUTH welcome", "P1 OK"), "wants no login"},
		{"BYE", Plain, script("* BYE full"), "full"},
		{"no IMAP", Plain, script("220 mail ESMTP"), "no IMAP server"},
		{"nothing", Plain, &scripted{Reader: strings.NewReader("")}, "no greeting"},
		{"response injected behind STARTTLS", StartTLS, script(hello, "P1 OK begin", "* CAPABILITY IMAP4rev1"), "cannot be trusted"},
		{"STARTTLS refused", StartTLS, script(hello, "P1 NO not today"), "not today"},
		{"answer before the command", Plain, script(hello, "P7 OK", "P1 OK"), "nobody gave"},
		{"no TLS", ImplicitTLS, script(hello), "TLS"},
	} {
		_, err := New(t.Context(), tt.script, Options{Security: tt.security, TLS: &tls.Config{ServerName: "imap.example.org"}})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, wanted %q", tt.name, err, tt.want)
		}
		if strings.Contains(tt.script.sent.String(), "LOGIN") {
			t.Errorf("%s: a login was tried", tt.name)
		}
	}
}

func TestLogin(t *testing.T) {
	for _, tt := range []struct {
		name, capability, master string
		answers                  []string
		sent, err                string
	}{
		{"plain", "AUTH=PLAIN SASL-IR", "", []string{"P2 OK", "P3 OK"}, "P2 AUTHENTICATE PLAIN AGFubmEAcHci\r\n", ""},
		{"plain in two steps", "AUTH=PLAIN", "", []string{"* OK wait", "+ ", "P2 OK", "P3 OK"}, "P2 AUTHENTICATE PLAIN\r\nAGFubmEAcHci\r\n", ""},
		{"refused in two steps", "AUTH=PLAIN", "", []string{"P2 NO go away"}, "P2 AUTHENTICATE PLAIN\r\n", "go away"},
		{"master", "AUTH=PLAIN SASL-IR", "root", []string{"P2 OK", "P3 OK"}, "P2 AUTHENTICATE PLAIN YW5uYQByb290AHB3Ig==\r\n", ""},
		{"login", "", "", []string{"P2 OK", "P3 OK"}, "P2 LOGIN \"anna\" \"pw\\\"\"\r\n", ""},
		{"disabled", "LOGINDISABLED", "", nil, "", "use TLS"},
		{"wrong", "", "", []string{"P2 NO [AUTHENTICATIONFAILED] no \x1b[2J"}, "P2 LOGIN", "no ?[2J"},
		{"referral", "", "", []string{"P2 NO [REFERRAL imap://evil.example/] elsewhere"}, "P2 LOGIN", "elsewhere"},
	} {
		s := script(append([]string{hello, "* CAPABILITY IMAP4rev1 " + tt.capability, "P1 OK"}, tt.answers...)...)
		c, err := New(t.Context(), s, Options{Security: Plain})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		s.sent.Reset()
		err = c.Login("anna", `pw"`, tt.master)
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: %v, wanted %q", tt.name, err, tt.err)
		}
		if !strings.HasPrefix(s.sent.String(), tt.sent) || tt.sent == "" && s.sent.Len() > 0 {
			t.Errorf("%s: sent %q", tt.name, s.sent.String())
		}
	}
	c, s := open(t)
	s.sent.Reset()
	if err := c.Login("anna\r\nP9 DELETE INBOX", "x", ""); err == nil || s.sent.Len() > 0 {
		t.Errorf("a second command in a name: %v, sent %q", err, s.sent.String())
	}
	if _, err := c.Examine("a\r\nb"); err == nil || s.sent.Len() > 0 {
		t.Errorf("a second command in a mailbox: %v, sent %q", err, s.sent.String())
	}
}

func TestList(t *testing.T) {
	c, _ := open(t, `* LIST (\HasNoChildren) "." INBOX`, `* LIST (\Sent) "." "INBOX.Sent"`, `* LIST () "." INBOX.B&APw-cher.a/b`, `* LIST (\Noselect) "." x`,
		`* LIST () "." "bad & name"`, `* LIST () NIL {3}`, `one`, "P2 OK", `* LSUB () "." INBOX.Sent`, "P3 OK")
	list, err := c.List()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range list {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, "|"); got != "INBOX|INBOX/Sent|INBOX/Bücher/a_b|x|bad & name|one" {
		t.Errorf("names %s", got)
	}
	if !list[1].Subscribed || !list[1].Has(`\sent`) || list[0].Subscribed || !list[3].CannotOpen {
		t.Errorf("%+v", list)
	}
}

func TestNamespace(t *testing.T) {
	s := script(hello, "* CAPABILITY IMAP4rev1 NAMESPACE LIST-EXTENDED SPECIAL-USE", "P1 OK", `* NAMESPACE (("INBOX." ".")) (("user." "." "X-A" ("b"))) NIL`, "P2 OK",
		`* LIST () "." INBOX`, `* LIST (\Subscribed \Trash) "." INBOX.Trash`, `* LIST () "." user.ben`, "P3 OK")
	c, err := New(t.Context(), s, Options{Security: Plain})
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.List()
	if err != nil || len(list) != 2 || list[1].Name != "Trash" || list[1].Raw != "INBOX.Trash" || !list[1].Subscribed {
		t.Errorf("%+v, %v", list, err)
	}
	if !strings.HasSuffix(s.sent.String(), "P3 LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE)\r\n") {
		t.Errorf("sent %q", s.sent.String())
	}
}

func TestFetch(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer []string
		want   string // UID, size and body of each
		err    string
	}{
		{"in any order", []string{"* 2 EXISTS", "* 1 FETCH (BODY[] {3}", "abc INTERNALDATE \" 1-Jan-2024 10:20:30 +0100\" UID 7 FLAGS (\\Seen $x))",
			"* 2 FETCH (FLAGS (\\Recent))", "* 2 FETCH (UID 9 BODY[] \"quoted\")", "P2 OK"}, "7 3 abc|9 6 quoted", ""},
		{"NUL and nothing", []string{"* 1 FETCH (UID 7 BODY[] {2}", "\x00b)", "* 1 FETCH (UID 8 BODY[] NIL)", "P2 OK"}, "7 2 \x00b|8 0 ", ""},
		{"over the limit", []string{"* 1 FETCH (UID 7 BODY[] {101}", strings.Repeat("x", 101) + ")", "* 2 FETCH (UID 8 BODY[] {1}", "y)", "P2 OK"}, "7 101 |8 1 y", ""},
		{"absurd", []string{"* 1 FETCH (UID 7 BODY[] {9999999999}", "x)"}, "", "9999999999 octets"},
		{"cut off", []string{"* 1 FETCH (UID 7 BODY[] {50}", "x"}, "", "cannot be read"},
		{"not asked for", []string{"* 1 FETCH (UID 4 BODY[] {1}", "x)", "P2 OK"}, "", "nobody asked for"},
		{"twice", []string{"* 1 FETCH (UID 7 BODY[] {1}", "x)", "* 1 FETCH (UID 7 BODY[] {1}", "x)", "P2 OK"}, "7 1 x", "nobody asked for"},
		{"without a UID", []string{"* 1 FETCH (BODY[] {1}", "x)", "P2 OK"}, "", "without its UID"},
		{"a part", []string{"* 1 FETCH (UID 7 BODY[1] {1}", "x)", "P2 OK"}, "", "BODY[]"},
		{"refused", []string{"P2 NO damaged"}, "", "damaged"},
		{"BYE", []string{"* BYE shutting down"}, "", "shutting down"},
	} {
		c, _ := open(t, tt.answer...)
		var got []string
		err := c.Fetch(uidset.Range(7, 9), func(m *Message) error {
			got = append(got, strings.Join([]string{uidset.Of(m.UID).String(), strconv.FormatInt(m.Size, 10), string(m.Body)}, " "))
			return nil
		})
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: %v, wanted %q", tt.name, err, tt.err)
		}
		if s := strings.Join(got, "|"); s != tt.want {
			t.Errorf("%s: got %q, wanted %q", tt.name, s, tt.want)
		}
		var refused *Refused
		if err != nil && !errors.As(err, &refused) {
			if _, again := c.Examine("INBOX"); again == nil {
				t.Errorf("%s: the client goes on after %v", tt.name, err)
			}
		}
	}
}

func TestExamine(t *testing.T) {
	c, s := open(t, "* 5 EXISTS", "* OK [UIDVALIDITY 77] x", "* OK [UIDNEXT 9]", "* FLAGS (\\Seen)", "P2 OK [READ-ONLY] done", "P3 OK", "* ACL INBOX ben lrs -anyone i", "P4 OK",
		"* STATUS INBOX (MESSAGES 5)", "P5 OK", "* 1 FETCH (UID 3)", "* 2 FETCH (FLAGS () UID 4)", "P6 OK")
	if got, err := c.Examine(`a"b`); err != nil || got != (Selected{77, 9, 5}) || !strings.HasSuffix(s.sent.String(), "P2 EXAMINE \"a\\\"b\"\r\n") {
		t.Errorf("%+v, %v; sent %q", got, err, s.sent.String())
	}
	if _, err := c.Examine("x"); err == nil || !strings.Contains(err.Error(), "UIDVALIDITY") {
		t.Errorf("without UIDVALIDITY: %v", err)
	}
	if acl, err := c.ACL("INBOX"); err != nil || len(acl) != 2 || acl[1] != (Entry{"-anyone", "i"}) {
		t.Errorf("%v, %v", acl, err)
	}
	if n, err := c.Messages("INBOX"); err != nil || n != 5 {
		t.Errorf("%d, %v", n, err)
	}
	if list, err := c.UIDs(2); err != nil || len(list) != 2 || list[1].UID != 4 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	near, far := net.Pipe()
	defer far.Close()
	done := make(chan error, 1)
	go func() {
		_, err := New(ctx, near, Options{Security: Plain})
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// FuzzHostile lets a server say anything. The client must come to an end, and
// give no message that was not asked for or is over the limit.
func FuzzHostile(f *testing.F) {
	f.Add([]byte(hello + "\r\n* CAPABILITY IMAP4rev1 NAMESPACE ACL\r\nP1 OK\r\nP2 OK\r\nP3 OK\r\n* NAMESPACE ((\"\" \"/\")) NIL NIL\r\nP4 OK\r\n* LIST () \"/\" INBOX\r\nP5 OK\r\nP6 OK\r\n"))
	f.Add([]byte(hello + "\r\nP1 OK\r\nP2 OK\r\nP3 OK\r\n* LIST (\\Sent) \"/\" {5}\r\nINBOX\r\nP4 OK\r\nP5 OK\r\n* OK [UIDVALIDITY 1]\r\nP6 OK\r\n* 1 FETCH (UID 7 BODY[] {3}\r\nabc)\r\nP7 OK\r\n"))
	f.Add([]byte("* PREAUTH x\r\n"))
	f.Add([]byte(hello + "\r\n* CAPABILITY X-GM-EXT-1 AUTH=PLAIN\r\nP1 OK\r\n+ \r\nP2 OK\r\n"))
	f.Fuzz(func(t *testing.T, said []byte) {
		c, err := New(context.Background(), &scripted{Reader: bytes.NewReader(said)}, Options{Security: Plain, MaxMessage: 100})
		if err != nil {
			return
		}
		defer c.Close()
		_ = c.Login("anna", "secret", "")
		boxes, _ := c.List()
		for _, b := range boxes {
			if strings.ContainsAny(b.Raw, "\r\n\x00") {
				t.Errorf("a name %q", b.Raw)
			}
		}
		_, _ = c.Examine("INBOX")
		_, _ = c.UIDs(10)
		asked := uidset.Range(5, 8)
		_ = c.Fetch(asked, func(m *Message) error {
			if !asked.Contains(m.UID) || len(m.Body) > 100 {
				t.Errorf("message %d with %d octets", m.UID, len(m.Body))
			}
			return nil
		})
		_, _ = c.ACL("INBOX")
		_ = c.Logout()
	})
}
