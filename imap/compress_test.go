package imap

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"poststube/mail"
)

// listen serves on a TCP port until the test is over, and returns its address.
func listen(t testing.TB, srv *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		srv.Shutdown(ctx)
	})
	return l.Addr().String()
}

// compressedConn logs in over a connection and turns on compression.
func compressedConn(t testing.TB, conn net.Conn) (*flate.Writer, *bufio.Reader) {
	t.Helper()
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "a LOGIN anna secret\r\nb COMPRESS DEFLATE\r\n")
	until(t, r, "b OK")
	w, err := flate.NewWriter(conn, 1)
	if err != nil {
		t.Fatal(err)
	}
	return w, bufio.NewReader(flate.NewReader(r))
}

// until reads up to a line with a prefix, and returns it.
func until(t testing.TB, r *bufio.Reader, prefix string) string {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("before %q: %v", prefix, err)
		}
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
}

// TestCompressedIdleMemory: a session in IDLE costs little with compression too:
// what it has received as history, and the end of what it has said. Package
// compress/flate alone would take 1.2 MB to write and 40 KiB to read.
func TestCompressedIdleMemory(t *testing.T) {
	const sessions, limit = 200, 32<<10 + raceOctets
	srv := newTestServer(t)
	srv.census.limits.SessionsPerUser = sessions + 1
	addr := listen(t, srv)
	open := func() net.Conn {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		w, r := compressedConn(t, conn)
		fmt.Fprint(w, "c SELECT INBOX\r\nd FETCH 1:* (FLAGS ENVELOPE BODY.PEEK[])\r\ne IDLE\r\n")
		w.Flush()
		until(t, r, "+")
		return conn
	}
	defer open().Close() // what is loaded once is not counted
	before := inUse()
	for range sessions {
		defer open().Close()
	}
	each := (inUse() - before) / sessions
	t.Logf("%d bytes a session", each)
	if each > limit {
		t.Errorf("a compressed session in IDLE takes %d bytes, more than %d", each, limit)
	}
}

// TestDeflater reads what it writes, across flushes, and finds that it keeps no
// compressor and little else.
func TestDeflater(t *testing.T) {
	srv := newTestServer(t)
	var out, want bytes.Buffer
	d := &deflater{out: &out, pool: &srv.compressors}
	plain, compressed := 0, 0
	for i := range 300 {
		line := fmt.Sprintf("* %d FETCH (UID %d FLAGS (\\Seen) ENVELOPE (\"Tue, 24 Nov 2026\" \"subject %d\" ((NIL NIL \"anna\" \"example.org\")) NIL NIL NIL))\r\n", i, i*3, i%7)
		if i%50 == 7 {
			line = strings.Repeat(line, 100)
		}
		before := out.Len()
		for rest := line; rest != ""; {
			n := min(len(rest), 1+i*7)
			d.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		if err := d.Flush(); err != nil {
			t.Fatal(err)
		}
		want.WriteString(line)
		plain, compressed = plain+len(line), compressed+out.Len()-before
		if d.c != nil || cap(d.tail) > 2*maxTail {
			t.Fatalf("after a flush it keeps %v and %d octets", d.c, cap(d.tail))
		}
	}
	got := make([]byte, want.Len())
	if _, err := io.ReadFull(flate.NewReader(&out), got); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("what was written can't be read: %v", err)
	}
	if ratio := float64(plain) / float64(compressed); ratio < 2 {
		t.Errorf("only %.1f times smaller", ratio)
	}
}

// TestCompressBomb: a line that is expanded out of nearly nothing is as much as
// the same line without compression: too long.
func TestCompressBomb(t *testing.T) {
	client, err := net.Dial("tcp", listen(t, newTestServer(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w, r := compressedConn(t, client)
	go func() {
		zeros := bytes.Repeat([]byte("a"), 1<<20)
		for range 100 {
			if _, err := w.Write(zeros); err != nil {
				return
			}
		}
		w.Flush()
	}()
	if line := until(t, r, "* BYE"); !strings.Contains(line, "[TOOBIG]") {
		t.Errorf("the session ended with %q", line)
	}
}

// TestCompressGarbage: a client that is told why it is cut off.
func TestCompressGarbage(t *testing.T) {
	conn, err := net.Dial("tcp", listen(t, newTestServer(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, r := compressedConn(t, conn)
	fmt.Fprint(conn, "c NOOP\xff\xff\xff\r\n")
	if line := until(t, r, "* BYE"); !strings.Contains(line, "not compressed by DEFLATE") {
		t.Errorf("the session ended with %q", line)
	}
}

// foreignClient talks to the server with the zlib of Python. It flushes as mail
// programs do: most by Z_SYNC_FLUSH, K-9 and its kin by Z_PARTIAL_FLUSH.
const foreignClient = `
import socket, sys, zlib
host, port = sys.argv[1].split(":")
s = socket.create_connection((host, int(port)))
f = s.makefile("rb")
f.readline()
s.sendall(b"a LOGIN anna secret\r\n")
while not f.readline().startswith(b"a OK"): pass
s.sendall(b"b COMPRESS DEFLATE\r\n")
assert f.readline().startswith(b"b OK")
c = zlib.compressobj(6, zlib.DEFLATED, -15)
d = zlib.decompressobj(-15)
got = b""
def command(tag, text, mode):
    global got
    got = b""
    s.sendall(c.compress(tag + b" " + text + b"\r\n") + c.flush(mode))
    while b"\r\n" + tag + b" OK" not in b"\r\n" + got:
        more = s.recv(65536)
        assert more, "closed"
        got += d.decompress(more)
for i in range(40):
    for n, mode in enumerate([zlib.Z_SYNC_FLUSH, zlib.Z_PARTIAL_FLUSH, zlib.Z_FULL_FLUSH]):
        command(b"c%d.%d" % (i, n), b"ID (\"name\" \"" + b"x" * i + b"\")", mode)
command(b"d", b"SELECT INBOX", zlib.Z_PARTIAL_FLUSH)
body = b"Subject: big\r\n\r\n" + b"".join(b"line %d of many\r\n" % (i * 7919) for i in range(20000))
command(b"e", b"APPEND INBOX {%d+}\r\n" % len(body) + body, zlib.Z_PARTIAL_FLUSH)
command(b"f", b"FETCH 4 BODY.PEEK[]", zlib.Z_PARTIAL_FLUSH)
assert body in got, "the message has changed"
command(b"g", b"UNAUTHENTICATE", zlib.Z_PARTIAL_FLUSH)
s.sendall(b"h LOGIN anna secret\r\n")
assert f.readline().startswith(b"h OK"), "not plain any more"
print("fine")
`

func TestForeignClientCompresses(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("python3 is missing: apt-get install python3")
		}
		t.Skip("NOT TESTED: no python3, so COMPRESS was not tried with a foreign zlib")
	}
	addr := listen(t, newTestServer(t))
	out, err := exec.CommandContext(t.Context(), python, "-c", foreignClient, addr).CombinedOutput()
	if err != nil || string(out) != "fine\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestUnauthenticateForgets compares a session after UNAUTHENTICATE with a new
// one, field by field: whoever adds one has to think of it here.
func TestUnauthenticateForgets(t *testing.T) {
	srv := newTestServer(t)
	s := newSession(srv, silentConn{}, nil)
	fresh := newSession(srv, silentConn{}, nil)
	anna, err := srv.directory.ByName(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	s.user = srv.engine.As(anna, mail.Origin{Protocol: "test"})
	s.in, s.box = selected, &selection{}
	s.bad = 3
	setAll(reflect.ValueOf(&s.dialect).Elem())
	s.forget()
	// The connection, and what it is called by.
	kept := map[string]bool{
		"srv": true, "id": true, "log": true, "ctx": true, "cancel": true, "remote": true, "stream": true, "conn": true, "secure": true,
		"dec": true, "enc": true, "tag": true, "client": true, "started": true, "connected": true,
		"deflate": true, "inflate": true, // ended by the command itself
	}
	a, b := reflect.ValueOf(s).Elem(), reflect.ValueOf(fresh).Elem()
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if kept[name] {
			continue
		}
		if got, want := fmt.Sprintf("%#v", a.Field(i)), fmt.Sprintf("%#v", b.Field(i)); got != want {
			t.Errorf("the session still has %s = %s, a new one has %s", name, got, want)
		}
	}
	if s.dec.UTF8 || s.enc.UTF8 || s.dec.Limits != fresh.dec.Limits {
		t.Error("decoder and encoder speak as they did")
	}
}

// setAll sets all fields of a struct of bools.
func setAll(v reflect.Value) {
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Bool {
			reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem().SetBool(true)
		}
	}
}

func TestProfilePatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "anything", true}, {"*", "", true}, {"anna", "Anna", true}, {"anna", "annabel", false},
		{"*outlook*", "Microsoft Outlook 16", true}, {"out*look", "outlook", true}, {"a*b*c", "a-b-c", true},
		{"a*b*c", "acb", false}, {"ab*ba", "aba", false}, {"x*", "ax", false}, {"*x", "xa", false}, {"[a]/*", "[A]/b", true},
	} {
		if got := wildcard(c.pattern, c.text); got != c.want {
			t.Errorf("%q and %q: %t", c.pattern, c.text, got)
		}
	}
}

func TestProfileText(t *testing.T) {
	for _, p := range DefaultProfiles() {
		if again, err := ParseProfile(p.String()); err != nil || again.String() != p.String() {
			t.Errorf("%q is read as %q, %v", p, again, err)
		}
	}
	if p, err := ParseProfile("* anna"); err == nil {
		t.Errorf("a profile that hides nothing: %v", p)
	}
}

func BenchmarkDeflater(b *testing.B) {
	srv := newTestServer(b)
	line := []byte(strings.Repeat("* 12 FETCH (UID 12 FLAGS (\\Seen) RFC822.SIZE 4711)\r\n", 10))
	d := &deflater{out: io.Discard, pool: &srv.compressors}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		d.Write(line)
		d.Flush()
	}
}
