package socketmap_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/directory"
	"poststube/kv/pebblekv"
	"poststube/socketmap"
)

var silent = slog.New(slog.DiscardHandler)

// open returns a directory that serves example.org, in a store of its own.
func open(t *testing.T) (*directory.Directory, *pebblekv.DB) {
	t.Helper()
	db, err := pebblekv.Open("kv", pebblekv.Options{FS: vfs.NewMem(), MemTableSize: 4 << 20, Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := directory.Open(t.Context(), db, directory.Options{Domains: []string{"example.org"}, Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dir.Close)
	return dir, db
}

// serve returns a connection to a server.
func serve(t *testing.T, c socketmap.Config) net.Conn {
	t.Helper()
	c.Log = silent
	client, server := net.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		socketmap.NewServer(c).ServeConn(ctx, server)
		close(done)
	}()
	t.Cleanup(func() {
		cancel() // which ends a connection that the client keeps
		<-done
		client.Close()
	})
	return client
}

// ask sends one request and returns the answer.
func ask(t *testing.T, conn net.Conn, request string) string {
	t.Helper()
	if _, err := fmt.Fprintf(conn, "%d:%s,", len(request), request); err != nil {
		t.Fatal(err)
	}
	var size int
	if _, err := fmt.Fscanf(bufio.NewReaderSize(oneByte{conn}, 16), "%d:", &size); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size+1)
	if _, err := io.ReadFull(conn, b); err != nil || b[size] != ',' {
		t.Fatalf("%q, %v", b, err)
	}
	return string(b[:size])
}

// oneByte reads no further than what is asked for.
type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:1]) }

func TestMaps(t *testing.T) {
	dir, db := open(t)
	defer db.Close()
	ctx := t.Context()
	id := map[string]directory.ID{}
	for _, name := range []string{"anna", "ben", "clara", "dora@example.net"} {
		p, err := dir.AddPerson(ctx, name, "")
		if err != nil {
			t.Fatal(err)
		}
		id[name] = p.ID
	}
	for _, name := range []string{"sales", "board", "empty"} {
		p, err := dir.AddGroup(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		id[name] = p.ID
		if err := dir.AddAddress(ctx, p.ID, name+"@example.org"); err != nil {
			t.Fatal(err)
		}
	}
	for group, members := range map[string][]directory.ID{
		"sales": {id["clara"], id["board"], id["ben"]},
		"board": {id["anna"], id["ben"]},
	} {
		if err := dir.AddMembers(ctx, id[group], members...); err != nil {
			t.Fatal(err)
		}
	}
	if err := dir.AddAddress(ctx, id["anna"], "anna.a@example.org"); err != nil {
		t.Fatal(err)
	}
	conn := serve(t, socketmap.Config{Directory: dir})
	for _, tt := range []struct{ request, want string }{
		{"recipients anna@example.org", "OK anna"},
		{"recipients ANNA.A@Example.Org", "OK anna"},
		{"recipients anna+lists@example.org", "OK anna"},
		{"recipients dora@example.net", "OK dora@example.net"},
		{"recipients sales@example.org", "OK sales"},
		{"recipients anna", "OK anna"},
		{"recipients nobody@example.org", "NOTFOUND "},
		{"recipients anna@example.com", "NOTFOUND "}, // not served here
		{"recipients @example.org", "NOTFOUND "},
		{"recipients  ", "NOTFOUND "},
		{"recipients \xff@example.org", "NOTFOUND "},
		{"senders anna.a@example.org", "OK anna"},
		{"senders sales@example.org", "OK anna,ben,clara"},
		{"senders board@example.org", "OK anna,ben"},
		{"senders empty@example.org", "NOTFOUND "},
		{"senders nobody@example.org", "NOTFOUND "},
		{"aliases anna@example.org", "PERM there is no such map: there are recipients and senders"},
		{"recipients", "PERM the request has no key"},
	} {
		if got := ask(t, conn, tt.request); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.request, got, tt.want)
		}
	}
	small := serve(t, socketmap.Config{Directory: dir, Limits: socketmap.Limits{MaxReply: 17}})
	if got := ask(t, small, "senders sales@example.org"); !strings.HasPrefix(got, "PERM the group has too many members") {
		t.Errorf("a reply that is too long: %q", got)
	}
	if got := ask(t, small, "senders board@example.org"); got != "OK anna,ben" {
		t.Errorf("a reply that is not: %q", got)
	}
}

// TestUnreadable: a store that fails makes Postfix come back, and refuses no mail.
func TestUnreadable(t *testing.T) {
	dir, db := open(t)
	conn := serve(t, socketmap.Config{Directory: dir})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"recipients anna@example.org", "senders anna@example.org"} {
		if got := ask(t, conn, request); !strings.HasPrefix(got, "TEMP ") {
			t.Errorf("%q: %q", request, got)
		}
	}
}

// TestHangUp: who does not speak the protocol is cut off, and so is one client
// too many.
func TestHangUp(t *testing.T) {
	dir, db := open(t)
	defer db.Close()
	conn := serve(t, socketmap.Config{Directory: dir})
	if _, err := io.WriteString(conn, "G"); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(conn); len(b) > 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	many := serve(t, socketmap.Config{Directory: dir, Limits: socketmap.Limits{MaxConnections: -1}})
	if b, err := io.ReadAll(many); len(b) > 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}
