package moving

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/go-cmp/cmp"
)

// messages is how many messages Dovecot gets: 20,000 where $CI or $POSTSTUBE_LONG
// is set, else fewer, since Dovecot takes half a minute to write so many.
func messages() int {
	if os.Getenv("CI") != "" || os.Getenv("POSTSTUBE_LONG") != "" {
		return 20_000
	}
	return 8_000
}

// folders are where they lie, with what part of them.
var folders = []struct {
	name  string
	share int // in percent
}{{"INBOX", 50}, {"Archive/2025/Quarter 1", 30}, {"B&APw-cher", 10}, {"Sent Items", 10}, {"Empty", 0}}

// TestMoveIn takes an account over twice, from the files and over IMAP; each
// time the import is killed once and the server is killed once, and at last it
// is done again although all is there.
func TestMoveIn(t *testing.T) {
	d := startDovecot(t, nil)
	d.fill(t)
	began := time.Now()
	want := account(t, d.addr, "anna")
	t.Logf("Dovecot gives %d messages over IMAP in %v", count(want), time.Since(began).Round(time.Millisecond))
	if count(want) != messages()-messages()/100 {
		t.Fatalf("Dovecot has %d messages", count(want))
	}
	began = time.Now()
	size := d.read(t)
	t.Logf("its files, %d octets, are read in %v", size, time.Since(began).Round(time.Millisecond))
	n := startNode(t)
	for _, tt := range []struct {
		owner string
		args  []string
	}{
		{"anna", []string{"import", "maildir", "-u", "anna", d.maildir}},
		{"ben", []string{"import", "imap", "-u", "ben", "--host", d.addr, "--tls", "none", "--user", "anna", "--password-stdin"}},
	} {
		t.Run(tt.args[1], func(t *testing.T) {
			n.interrupted(t, tt.owner, count(want)/4, false, tt.args)
			n.interrupted(t, tt.owner, count(want)/2, true, tt.args)
			began := time.Now()
			before := n.count(tt.owner)
			out := n.run(tt.args...)
			rest := count(want) - before
			t.Logf("%s: the last %d messages in %v\n%s", tt.args[1], rest, time.Since(began).Round(time.Millisecond), out)
			compare(t, want, account(t, n.addr, tt.owner))
			if out := n.run(tt.args...); !strings.Contains(out, fmt.Sprintf("%s: 0 messages, 0 B, in %d mailboxes; %d were there already", tt.owner, len(folders), count(want))) {
				t.Errorf("once more: %s", out)
			}
			compare(t, want, account(t, n.addr, tt.owner))
			acl := n.run("acl", "get", tt.owner+":Archive/2025/Quarter 1")
			if tt.owner == "anna" && !strings.Contains(acl, "ben ") {
				t.Errorf("rights: %s", acl)
			}
		})
	}
	t.Run("back", func(t *testing.T) {
		back := startDovecot(t, func(dir string) {
			began := time.Now()
			out := n.run("export", "maildir", "-u", "anna", dir)
			t.Logf("exported in %v: %s", time.Since(began).Round(time.Millisecond), out)
		})
		compare(t, want, account(t, back.addr, "anna"))
	})
	if out := n.run("verify"); !strings.Contains(out, "nothing is wrong") {
		t.Error(out)
	}
}

// fill makes the account: flags, keywords, dates, gaps between UIDs,
// subscriptions, rights.
func (d *dovecot) fill(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	commands := 0
	say := func(format string, args ...any) {
		fmt.Fprintf(&b, "x "+format+"\r\n", args...)
		commands++
	}
	flags := []string{"", `\Seen`, `\Seen \Answered`, `\Flagged $Junk`, `\Deleted`, `\Draft \Seen project $Forwarded`}
	day := time.Date(2019, 2, 3, 4, 5, 6, 0, time.FixedZone("", 5400))
	i := 0
	for _, f := range folders {
		if f.name != "INBOX" && f.name != "Sent Items" {
			say("CREATE %q", f.name)
		}
		for n := range messages() * f.share / 100 {
			text := fmt.Sprintf("From: ben@example.org\r\nMessage-ID: <%d@example.org>\r\nSubject: message %d\r\n\r\n%s\r\n", i, i, strings.Repeat("From here on. ", i%200))
			if n%100 == 0 {
				if n > 0 {
					b.WriteString("\r\n")
				}
				fmt.Fprintf(&b, "x APPEND %q", f.name)
				commands++
			}
			fmt.Fprintf(&b, " (%s) %q {%d+}\r\n%s", flags[i%len(flags)], day.Add(time.Duration(i)*time.Hour).Format("_2-Jan-2006 15:04:05 -0700"), len(text), text)
			i++
		}
		if f.share > 0 {
			b.WriteString("\r\n")
			say("SELECT %q", f.name)
			// Each hundredth goes, so that there are gaps.
			say("UID STORE %s +FLAGS.SILENT (gone)", everyHundredth(messages()*f.share/100))
			say("UID STORE %s +FLAGS.SILENT (\\Deleted)", everyHundredth(messages()*f.share/100))
			say("UID EXPUNGE %s", everyHundredth(messages()*f.share/100))
		}
	}
	say("SUBSCRIBE %q", "Archive/2025/Quarter 1")
	say("SUBSCRIBE %q", "B&APw-cher")
	say("SETACL %q ben lrs", "Archive/2025/Quarter 1")
	d.talk(t, commands, b.Bytes())
}

func everyHundredth(n int) string {
	var uids []string
	for uid := 50; uid <= n; uid += 100 {
		uids = append(uids, fmt.Sprint(uid))
	}
	return strings.Join(uids, ",")
}

// read reads all files once, as any import must, and returns their size.
func (d *dovecot) read(t *testing.T) (size int64) {
	t.Helper()
	err := filepath.WalkDir(d.maildir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := io.Copy(io.Discard, f)
		size += n
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// interrupted starts an import and kills it, or the server with it, when some
// messages are there.
func (n *node) interrupted(t *testing.T, owner string, at int, server bool, args []string) {
	t.Helper()
	cmd := n.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for n.count(owner) < at {
		select {
		case err := <-ended:
			t.Fatalf("the import ended before it could be killed: %v\n%s", err, out.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
	if server {
		n.kill()
		if err := <-ended; err == nil {
			t.Fatalf("the server was killed, but the import came to its end: %s", out.String())
		}
		if !strings.Contains(out.String(), "start the import again") {
			t.Errorf("the import does not say what to do: %s", out.String())
		}
		n.start()
	} else {
		_ = cmd.Process.Kill()
		<-ended
	}
	t.Logf("killed with %d messages there", n.count(owner))
}

// count returns how many messages an owner has.
func (n *node) count(owner string) int {
	n.t.Helper()
	c := login(n.t, n.addr, owner)
	defer c.Close()
	total := 0
	for _, f := range folders {
		name := strings.ReplaceAll(f.name, "B&APw-cher", "Bücher")
		// A folder that is not there yet has none.
		if s, err := c.Status(name, &imap.StatusOptions{NumMessages: true}).Wait(); err == nil {
			total += int(*s.NumMessages)
		}
	}
	return total
}

// A message is what two servers must agree about.
type message struct {
	Flags string
	Date  time.Time
	Hash  [32]byte
}

// A mailbox is what they must agree about, by UID.
type mailbox struct {
	UIDValidity, UIDNext uint32
	Subscribed           bool
	Messages             map[imap.UID]message
}

func login(t *testing.T, addr, user string) *imapclient.Client {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, nil)
	if err == nil {
		err = c.Login(user, "secret").Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// account reads everything of an account.
func account(t *testing.T, addr, user string) map[string]mailbox {
	t.Helper()
	c := login(t, addr, user)
	defer c.Close()
	subscribed := map[string]bool{}
	list, err := c.List("", "*", &imap.ListOptions{SelectSubscribed: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		subscribed[m.Mailbox] = true
	}
	all := map[string]mailbox{}
	for _, f := range folders {
		name := strings.ReplaceAll(f.name, "B&APw-cher", "Bücher")
		s, err := c.Select(name, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		box := mailbox{UIDValidity: s.UIDValidity, UIDNext: uint32(s.UIDNext), Subscribed: subscribed[name], Messages: map[imap.UID]message{}}
		if s.NumMessages > 0 {
			var every imap.SeqSet
			every.AddRange(1, 0)
			fetch := c.Fetch(every, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
			for m := fetch.Next(); m != nil; m = fetch.Next() {
				b, err := m.Collect()
				if err != nil {
					t.Fatal(err)
				}
				box.Messages[b.UID] = message{flagText(b.Flags), b.InternalDate.UTC(), sha256.Sum256(b.BodySection[0].Bytes)}
			}
			if err := fetch.Close(); err != nil {
				t.Fatal(err)
			}
			if len(box.Messages) != int(s.NumMessages) {
				t.Errorf("%s: %d messages of %d", name, len(box.Messages), s.NumMessages)
			}
		}
		all[name] = box
	}
	return all
}

func flagText(flags []imap.Flag) string {
	var list []string
	for _, f := range flags {
		if s := strings.ToLower(string(f)); s != `\recent` {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func count(all map[string]mailbox) (n int) {
	for _, m := range all {
		n += len(m.Messages)
	}
	return n
}

// compare reports the first differences of each mailbox.
func compare(t *testing.T, want, got map[string]mailbox) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		w, g := want[name], got[name]
		// Of a mailbox that never had a message a client has nothing to keep, and
		// Dovecot may not have written its UIDVALIDITY down.
		kept := w.UIDValidity == g.UIDValidity || w.UIDNext == 1
		if !kept || w.UIDNext != g.UIDNext || len(w.Messages) != len(g.Messages) || w.Subscribed && !g.Subscribed {
			t.Errorf("%s: UIDVALIDITY %d, UIDNEXT %d, %d messages, subscribed %v; wanted %d, %d, %d, %v", name,
				g.UIDValidity, g.UIDNext, len(g.Messages), g.Subscribed, w.UIDValidity, w.UIDNext, len(w.Messages), w.Subscribed)
		}
		shown := 0
		for uid, m := range w.Messages {
			if d := cmp.Diff(m, g.Messages[uid]); d != "" && shown < 3 {
				shown++
				t.Errorf("%s, UID %d: %s", name, uid, d)
			}
		}
	}
}
