package dovecotauth_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/xdg-go/scram"

	"poststube/directory"
	"poststube/dovecotauth"
	"poststube/kv/pebblekv"
)

// A client is Postfix's side of a connection.
type client struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

// say sends lines; fields have "|" between them here, and tabs on the wire.
func (c *client) say(lines ...string) {
	c.t.Helper()
	for _, line := range lines {
		if _, err := io.WriteString(c.conn, strings.ReplaceAll(line, "|", "\t")+"\n"); err != nil {
			c.t.Fatal(err)
		}
	}
}

// next returns the fields of the next line, or nothing when there is none.
func (c *client) next() []string {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(line, "\n"), "\t")
}

// A place is a server with anna, whose password is "secret".
type place struct {
	t      testing.TB
	server *dovecotauth.Server
	log    *lockedBuffer
	conns  sync.WaitGroup
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newPlace(t testing.TB, limits dovecotauth.Limits) *place {
	t.Helper()
	p := &place{t: t, log: &lockedBuffer{}}
	silent := slog.New(slog.DiscardHandler)
	db, err := pebblekv.Open("kv", pebblekv.Options{FS: vfs.NewMem(), MemTableSize: 4 << 20, Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(p.log, nil))
	dir, err := directory.Open(t.Context(), db, directory.Options{Log: log, Argon: directory.ArgonParams{Time: 1, Memory: 64, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.conns.Wait()
		dir.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := dir.AddPerson(t.Context(), "anna", "secret"); err != nil {
		t.Fatal(err)
	}
	p.server = dovecotauth.NewServer(dovecotauth.Config{Directory: dir, Log: log, Limits: limits})
	return p
}

// connect returns a client that has said hello, behind the server's greeting.
func (p *place) connect() *client {
	p.t.Helper()
	conn, server := net.Pipe()
	ctx := context.Background()
	p.conns.Go(func() { p.server.ServeConn(ctx, server) })
	p.t.Cleanup(func() { conn.Close() })
	c := &client{p.t, conn, bufio.NewReader(conn)}
	for f := c.next(); f != nil && f[0] != "DONE"; {
		f = c.next()
	}
	return c
}

// TestScram plays a whole exchange of SCRAM, whose last message of the server
// comes as one more challenge.
func TestScram(t *testing.T) {
	p := newPlace(t, dovecotauth.Limits{})
	for mech, hash := range map[string]scram.HashGeneratorFcn{"SCRAM-SHA-256": scram.SHA256, "SCRAM-SHA-1": scram.SHA1} {
		user, err := hash.NewClient("anna", "secret", "")
		if err != nil {
			t.Fatal(err)
		}
		conversation := user.NewConversation()
		first, err := conversation.Step("")
		if err != nil {
			t.Fatal(err)
		}
		c := p.connect()
		c.say("VERSION|1|1", "CPID|1", "AUTH|1|"+mech+"|service=smtp|nologin|rip=198.51.100.7|resp="+base64.StdEncoding.EncodeToString([]byte(first)))
		f := c.next()
		for ; len(f) == 3 && f[0] == "CONT"; f = c.next() {
			challenge, err := base64.StdEncoding.DecodeString(f[2])
			if err != nil {
				t.Fatal(err)
			}
			response, err := conversation.Step(string(challenge))
			if err != nil {
				t.Fatal(err)
			}
			c.say("CONT|1|" + base64.StdEncoding.EncodeToString([]byte(response)))
		}
		if got := strings.Join(f, "|"); got != "OK|1|user=anna" || !conversation.Valid() {
			t.Errorf("%s ended with %q, the server is proven: %t", mech, got, conversation.Valid())
		}
		c.conn.Close()
	}
}

// TestLog: a failed login leaves the line that one over IMAP leaves, with the
// address of the user and not of Postfix; no password is in the log.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, dovecotauth.Limits{})
		c := p.connect()
		plain := func(password string) string {
			return base64.StdEncoding.EncodeToString([]byte("\x00anna\x00" + password))
		}
		c.say("VERSION|1|1", "CPID|1", "AUTH|1|PLAIN|service=smtp|nologin|rip=198.51.100.7|secured|resp="+plain("hunter2"))
		c.next()
		c.say("AUTH|2|PLAIN|service=smtp|nologin|rip=198.51.100.8|secured|resp=" + plain("secret"))
		c.next()
		c.conn.Close()
		p.conns.Wait()
		log := p.log.String()
		for _, want := range []string{
			`level=WARN msg="auth failed" user=anna remote=198.51.100.7 proto=smtp mech=PLAIN reason=password`,
			`level=INFO msg=login proto=dovecot-auth session=1 user=anna remote=198.51.100.8 service=smtp mech=PLAIN`,
		} {
			if strings.Count(log, want) != 1 {
				t.Errorf("the log lacks %s:\n%s", want, log)
			}
		}
		if strings.Contains(log, "hunter2") || strings.Contains(log, plain("hunter2")) || strings.Contains(log, "secret") {
			t.Errorf("a password is in the log:\n%s", log)
		}
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlace(t, dovecotauth.Limits{MaxConnections: 1, MaxRequests: 2})
		c := p.connect()
		c.say("VERSION|1|1", "AUTH|1|LOGIN|secured")
		c.next()
		c.say("AUTH|2|LOGIN|secured")
		c.next()
		c.say("AUTH|3|LOGIN|secured")
		if got := strings.Join(c.next(), "|"); !strings.HasPrefix(got, "FAIL|3|temp|") {
			t.Errorf("a third request: %q", got)
		}
		if other := p.connect(); other.next() != nil {
			t.Error("a second connection is served")
		}
		// A line that has no end.
		if _, err := io.WriteString(c.conn, strings.Repeat("x", 8193)); err == nil {
			if f := c.next(); f != nil {
				t.Errorf("a long line is answered: %q", f)
			}
		}
		p.conns.Wait()
		if again := p.connect(); again.conn != nil {
			again.say("VERSION|1|1", "AUTH|1|LOGIN|secured")
			if f := again.next(); len(f) == 0 || f[0] != "CONT" {
				t.Errorf("after the first has gone: %q", f)
			}
			again.conn.Close()
		}
	})
}

// FuzzSession: no input makes the server panic, hang, or let somebody in.
func FuzzSession(f *testing.F) {
	for _, s := range []string{
		"VERSION\t1\t1\nCPID\t1\nAUTH\t1\tPLAIN\tsecured\tresp=AGFubmEAd3Jvbmc=\n",
		"VERSION\t1\t1\nAUTH\t1\tLOGIN\tsecured\nCONT\t1\tYW5uYQ==\nCONT\t1\tYg==\nCANCEL\t1\n",
		"VERSION\t1\t1\nAUTH\t1\tSCRAM-SHA-256\tresp=biwsbj1hbm5hLHI9YQ==\nCONT\t1\tYz1iaXdzLHI9YQ==\n",
		"VERSION\t1\t1\nAUTH\t1\tPLAIN\tresp\nAUTH\t1\tPLAIN\n",
	} {
		f.Add([]byte(s))
	}
	p := newPlace(f, dovecotauth.Limits{AnswerTime: 1}) // penalties are not waited for
	f.Fuzz(func(t *testing.T, input []byte) {
		if bytes.Contains(input, []byte("AGFubmEAc2VjcmV0")) {
			t.Skip("the right password")
		}
		conn, server := net.Pipe()
		done := make(chan struct{})
		go func() {
			p.server.ServeConn(context.Background(), server)
			close(done)
		}()
		answer := make(chan []byte)
		go func() {
			b, _ := io.ReadAll(conn)
			answer <- b
		}()
		_, _ = conn.Write(input) // the server may have hung up
		conn.Close()
		<-done
		for line := range bytes.Lines(<-answer) {
			if bytes.HasPrefix(line, []byte("OK\t")) {
				t.Errorf("%q was let in: %s", input, line)
			}
			if bytes.Count(line, []byte("\n")) != 1 || bytes.IndexByte(line, '\r') >= 0 {
				t.Errorf("the answer %q is no line", line)
			}
		}
		if s := p.log.String(); strings.Contains(s, "session failed") {
			t.Fatal(fmt.Sprint("a session failed: ", s))
		}
	})
}
