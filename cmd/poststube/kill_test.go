package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"poststube/admin"
	"poststube/server"
)

// TestKill kills the server under load, again and again, while the clients keep
// a ledger of what was acknowledged to them. After each restart every line of
// the ledger must be true: the message is there, whole, once; the UID that an
// import reported still names the message that it named; and no UID that was
// seen before belongs to another message.
//
// Five rounds, or as many as $POSTSTUBE_LONG says.
func TestKill(t *testing.T) {
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv("POSTSTUBE_LONG")); err == nil {
		rounds = n
	}
	k := &killTest{t: t, dir: shortDir(t), acked: map[string]bool{}, seen: map[string]map[imap.UID]string{}}
	p, err := startProcess(k.dir)
	if err != nil {
		t.Fatal(err)
	}
	k.addUsers()
	for round := range rounds {
		k.load(p, time.Duration(50+rand.IntN(500))*time.Millisecond)
		if p, err = startProcess(k.dir); err != nil {
			t.Fatalf("round %d: no restart: %v", round, err)
		}
		for _, user := range killUsers {
			k.compare(p.addrs["imap"], user)
		}
		if t.Failed() {
			t.Fatalf("round %d: failed", round)
		}
	}
	if _, err := k.client().Check(t.Context(), admin.CheckOptions{Bodies: true}, func(p admin.Problem) error {
		return fmt.Errorf("the store is damaged: %+v", p)
	}); err != nil {
		t.Error(err)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if len(k.acked) < 20*rounds {
		t.Errorf("only %d messages were acknowledged in %d rounds: the load was too light to prove anything", len(k.acked), rounds)
	}
	t.Logf("%d messages acknowledged, %d kills", len(k.acked), rounds)
}

var killUsers = []string{"anna", "ben"}

// A killTest holds what clients know.
type killTest struct {
	t    *testing.T
	dir  string
	next int // number of the next message

	mu    sync.Mutex
	acked map[string]bool                // "user/subject" of what was acknowledged
	seen  map[string]map[imap.UID]string // user → UID → subject, as once served
}

func (k *killTest) client() *admin.Client {
	return &admin.Client{Dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", server.ControlSocket(k.dir))
	}}
}

func (k *killTest) addUsers() {
	k.t.Helper()
	var users []admin.NewUser
	for _, name := range killUsers {
		users = append(users, admin.NewUser{Name: name, Password: "secret"})
	}
	if _, err := k.client().AddUsers(k.t.Context(), users, nil); err != nil {
		k.t.Fatal(err)
	}
}

// subject returns one that no message had before.
func (k *killTest) subject(kind string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next++
	return fmt.Sprintf("%s-%d", kind, k.next)
}

func (k *killTest) ack(user, subject string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.acked[user+"/"+subject] = true
}

// killMessage is the message of a subject; some are stored out of line.
func killMessage(subject string) string {
	body := "Subject: " + subject + "\r\n\r\n" + subject + "\r\n"
	if strings.HasSuffix(subject, "0") {
		body += strings.Repeat(strings.Repeat("k", 98)+"\r\n", 1000)
	}
	return body
}

// load sends mail in by three LMTP connections and one import at once, kills
// the server after a while, and returns when all of them have noticed.
func (k *killTest) load(p *process, d time.Duration) {
	k.t.Helper()
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() { k.deliver(p.addrs["lmtp"]) })
	}
	clients.Go(k.importSome)
	timer := time.NewTimer(d)
	<-timer.C
	if err := p.kill(); err != nil {
		k.t.Fatal(err)
	}
	clients.Wait()
}

// deliver hands messages to both users until the server is gone.
func (k *killTest) deliver(addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return // killed before it began
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	for {
		subject := k.subject("lmtp")
		if c.Mail("load@example.com", nil) != nil {
			return
		}
		for _, user := range killUsers {
			if c.Rcpt(user+"@example.org", nil) != nil {
				return
			}
		}
		w, err := c.Data()
		if err != nil {
			return
		}
		if _, err := io.WriteString(w, killMessage(subject)); err != nil {
			return
		}
		if _, err := w.CloseWithLMTPResponse(); err != nil {
			return
		}
		for _, user := range killUsers {
			k.ack(user, subject)
		}
	}
}

// importSome imports messages until the server is gone. What progress reports
// is acknowledged.
func (k *killTest) importSome() {
	var sent []string
	acked := 0
	src := func(yield func(admin.Message, error) bool) {
		for {
			subject := k.subject("import")
			k.mu.Lock()
			sent = append(sent, subject)
			k.mu.Unlock()
			if !yield(admin.Message{Body: strings.NewReader(killMessage(subject))}, nil) {
				return
			}
		}
	}
	_, err := k.client().Import(context.Background(), admin.MailboxName{Owner: "anna", Name: "INBOX"}, src, func(d admin.Imported) {
		k.mu.Lock()
		batch := sent[acked:d.Messages]
		acked = d.Messages
		k.mu.Unlock()
		for _, subject := range batch {
			k.ack("anna", subject)
		}
	})
	if err == nil {
		k.t.Error("an endless import ended without an error")
	}
}

// compare holds what the server serves against the ledger.
func (k *killTest) compare(addr, user string) {
	k.t.Helper()
	c := login(k.t, addr, user, "secret", nil)
	defer c.Close()
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		k.t.Fatal(err)
	}
	served, err := fetchAll(c)
	if err != nil {
		k.t.Fatal(err)
	}
	counts := map[string]int{}
	for uid, text := range served {
		subject := subjectOf(text)
		counts[subject]++
		if _, message, _ := strings.Cut(text, "+0000\r\n"); text != killMessage(subject) && message != killMessage(subject) {
			k.t.Errorf("%s: UID %d, %q, is not whole", user, uid, subject)
		}
		if old, ok := k.seen[user][uid]; ok && old != subject {
			k.t.Errorf("%s: UID %d was %q, now it is %q", user, uid, old, subject)
		}
	}
	for uid, subject := range k.seen[user] {
		if _, ok := served[uid]; !ok {
			k.t.Errorf("%s: UID %d, %q, is gone", user, uid, subject)
		}
	}
	k.seen[user] = map[imap.UID]string{}
	for uid, text := range served {
		k.seen[user][uid] = subjectOf(text)
	}
	for line := range k.acked {
		if subject, ok := strings.CutPrefix(line, user+"/"); ok && counts[subject] != 1 {
			k.t.Errorf("%s: %q was acknowledged, but is there %d times", user, subject, counts[subject])
		}
	}
}

func subjectOf(text string) string {
	_, rest, _ := strings.Cut("\r\n"+text, "\r\nSubject: ")
	subject, _, _ := strings.Cut(rest, "\r\n")
	return subject
}

// fetchAll returns all messages of the selected mailbox.
func fetchAll(c *imapclient.Client) (map[imap.UID]string, error) {
	whole := &imap.FetchItemBodySection{Peek: true}
	all := map[imap.UID]string{}
	set := imap.SeqSet{}
	set.AddRange(1, 0)
	cmd := c.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{whole}})
	for {
		m := cmd.Next()
		if m == nil {
			break
		}
		buf, err := m.Collect()
		if err != nil {
			return nil, errors.Join(err, cmd.Close())
		}
		all[buf.UID] = string(buf.FindBodySection(whole))
	}
	return all, cmd.Close()
}
