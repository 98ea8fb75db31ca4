package main

import (
	"os"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
)

// shortDir returns a directory whose path leaves room for a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ps")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// login connects to a server by emersion/go-imap, a client that is not ours.
func login(t *testing.T, addr, user, password string, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(user, password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDemo: what --demo promises is there, and is made once only.
func TestDemo(t *testing.T) {
	dir := shortDir(t)
	for range 2 {
		p, err := startProcess(dir, "--demo")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(p.stdout, `"demo"`) || !strings.Contains(p.stdout, p.addrs["imap"]) || strings.Contains(p.stdout, "%!") {
			t.Errorf("it prints\n%s", p.stdout)
		}
		for _, tt := range []struct {
			user, mailbox string
			messages      uint32
		}{
			{"anna", "INBOX", 2}, {"ben", "INBOX", 1}, {"clara", "INBOX", 1},
			{"anna", "Shared/sales/Inbox", 2}, {"ben", "Shared/sales/Offers", 1}, {"clara", "Users/anna/Recipes", 1},
			{"clara", "Shared/sales/Inbox", 0}, {"ben", "Users/anna/Recipes", 0},
		} {
			c := login(t, p.addrs["imap"], tt.user, "demo", nil)
			data, err := c.Select(tt.mailbox, nil).Wait()
			switch {
			case tt.messages == 0 && err == nil:
				t.Errorf("%s may open %s", tt.user, tt.mailbox)
			case tt.messages > 0 && err != nil:
				t.Errorf("%s cannot open %s: %v", tt.user, tt.mailbox, err)
			case tt.messages > 0 && data.NumMessages != tt.messages:
				t.Errorf("%s sees %d messages in %s, want %d", tt.user, data.NumMessages, tt.mailbox, tt.messages)
			}
		}
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}
}
