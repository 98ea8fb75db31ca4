package imap

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// TestRoster: an administrator sees who is there and where, and ends one session
// of two, also inside IDLE.
func TestRoster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newTestServer(t)
		dial := func(lines string) (net.Conn, *bufio.Reader) {
			client, server := net.Pipe()
			go srv.ServeConn(server, nil)
			r := bufio.NewReader(client)
			go fmt.Fprint(client, lines)
			for line := ""; !strings.HasPrefix(line, "+ ") && !strings.HasPrefix(line, "z OK"); {
				var err error
				if line, err = r.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			return client, r
		}
		_, idle := dial("i ID (\"name\" \"Trial\" \"version\" \"2\")\r\na LOGIN anna secret\r\ns SELECT INBOX\r\nd IDLE\r\n")
		stays, other := dial("z NOOP\r\n")
		list := srv.Sessions()
		if len(list) != 2 {
			t.Fatalf("%d sessions", len(list))
		}
		if i := list[0]; i.User != "anna" || i.Client != "Trial 2" || i.Mailbox != "INBOX" || i.Since.IsZero() {
			t.Errorf("shown as %+v", i)
		}
		if i := list[1]; i.User != "" || i.Mailbox != "" || i.ID <= list[0].ID {
			t.Errorf("shown as %+v", i)
		}
		srv.Kick(list[0].ID, 99)
		rest, err := io.ReadAll(idle)
		if err != nil || !strings.HasSuffix(string(rest), "* BYE An administrator has ended this session\r\n") {
			t.Errorf("the client heard %q, %v", rest, err)
		}
		synctest.Wait()
		if list := srv.Sessions(); len(list) != 1 || list[0].User != "" {
			t.Errorf("left are %+v", list)
		}
		go fmt.Fprint(stays, "y LOGOUT\r\n")
		if rest, err := io.ReadAll(other); err != nil || !strings.Contains(string(rest), "y OK") {
			t.Errorf("the other session said %q, %v", rest, err)
		}
	})
}
