package smtp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// TestRoster: a session that is kicked inside a message may finish it.
func TestRoster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := NewServer(Config{Engine: &faulty{}, Hostname: "mx.example.org", Log: silent})
		client, server := net.Pipe()
		go srv.ServeConn(context.Background(), server)
		r := bufio.NewReader(client)
		say := func(line, want string) {
			t.Helper()
			if line != "" {
				fmt.Fprint(client, line+"\r\n")
			}
			for {
				got, err := r.ReadString('\n')
				if err != nil || !strings.HasPrefix(got, want[:3]) {
					t.Fatalf("%q: %q, %v, want %q", line, got, err, want)
				}
				if got[3] == ' ' {
					return
				}
			}
		}
		say("", "220")
		say("LHLO relay.example.org", "250")
		say("MAIL FROM:<ben@example.org>", "250")
		list := srv.Sessions()
		if len(list) != 1 || list[0].Client != "relay.example.org" || list[0].Since.IsZero() {
			t.Fatalf("shown as %+v", list)
		}
		srv.Kick(list[0].ID)
		say("RCPT nonsense", "501")
		say("RSET", "250")
		rest, err := io.ReadAll(r)
		if err != nil || !strings.HasPrefix(string(rest), "421 4.3.2 mx.example.org has ended this session") {
			t.Errorf("the client heard %q, %v", rest, err)
		}
		synctest.Wait()
		if list := srv.Sessions(); len(list) != 0 {
			t.Errorf("left are %+v", list)
		}
	})
}
