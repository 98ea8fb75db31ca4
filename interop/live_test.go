package interop

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// login connects as a user with emersion/go-imap.
func (n *node) login(user string, o *imapclient.Options) *imapclient.Client {
	n.t.Helper()
	c, err := imapclient.DialInsecure(n.addr, o)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { c.Close() })
	if err := c.Login(user, "secret").Wait(); err != nil {
		n.t.Fatal(err)
	}
	return c
}

type fetched struct{ text, flags string }

// maildirFlags are the letters of a Maildir for flags of IMAP.
var maildirFlags = map[imap.Flag]string{imap.FlagDraft: "D", imap.FlagFlagged: "F", imap.FlagAnswered: "R", imap.FlagSeen: "S", imap.FlagDeleted: "T"}

// fetchAll returns the messages of a mailbox.
func fetchAll(t *testing.T, c *imapclient.Client, mailbox string) []fetched {
	t.Helper()
	selected, err := c.Select(mailbox, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatal(err)
	}
	if selected.NumMessages == 0 {
		return nil
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	messages, err := c.Fetch(imap.SeqSet{imap.SeqRange{Start: 1}}, &imap.FetchOptions{Flags: true, BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	all := make([]fetched, len(messages))
	for i, m := range messages {
		all[i].text = string(m.FindBodySection(whole))
		var letters []string
		for _, f := range m.Flags {
			letters = append(letters, maildirFlags[f])
		}
		slices.Sort(letters)
		all[i].flags = strings.Join(letters, "")
	}
	return all
}

func (n *node) append(c *imapclient.Client, mailbox, message string) {
	n.t.Helper()
	cmd := c.Append(mailbox, int64(len(message)), nil)
	if _, err := cmd.Write([]byte(message)); err != nil {
		n.t.Fatal(err)
	}
	if err := cmd.Close(); err != nil {
		n.t.Fatal(err)
	}
	if _, err := cmd.Wait(); err != nil {
		n.t.Fatal(err)
	}
}

// store adds flags to a range of messages.
func (n *node) store(c *imapclient.Client, from, to uint32, flags ...imap.Flag) {
	n.t.Helper()
	set := imap.SeqSet{imap.SeqRange{Start: from, Stop: to}}
	if err := c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: flags}, nil).Close(); err != nil {
		n.t.Fatal(err)
	}
}

// TestLive: two programs on one mailbox. What curl does, go-imap hears in IDLE
// within a second, and the other way round.
func TestLive(t *testing.T) {
	need(t, "curl", "curl")
	n := startNode(t)
	heard := make(chan string, 100)
	c := n.login("anna", &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(uint32) { heard <- "EXPUNGE" },
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				heard <- "EXISTS"
			}
		},
		Fetch: func(m *imapclient.FetchMessageData) {
			buf, err := m.Collect()
			if err == nil && slices.Contains(buf.Flags, imap.FlagFlagged) {
				heard <- "FLAGGED"
			}
		},
	}})
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what string) {
		t.Helper()
		timeout := time.NewTimer(time.Second)
		defer timeout.Stop()
		for {
			select {
			case got := <-heard:
				if got == what {
					return
				}
			case <-timeout.C:
				t.Fatalf("the client in IDLE did not hear %s within a second", what)
			}
		}
	}
	up := filepath.Join(t.TempDir(), "up")
	if err := os.WriteFile(up, []byte("Subject: by curl\r\n\r\nhello\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, n.curl("INBOX", "-T", up))
	expect("EXISTS")
	output(t, n.curl("INBOX", "-X", `STORE 1 +FLAGS (\Flagged)`))
	expect("FLAGGED")
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Wait(); err != nil {
		t.Fatal(err)
	}

	// The other way round, without a word in between.
	if err := c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if got := output(t, n.curl("INBOX", "-X", "FETCH 1 FLAGS")); !strings.Contains(got, `\Deleted`) || !strings.Contains(got, `\Flagged`) {
		t.Errorf("curl sees %q", got)
	}
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	output(t, n.curl("INBOX", "-X", "EXPUNGE"))
	expect("EXPUNGE")
}
