package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"poststube/directory"
	"poststube/mail"
)

// BenchmarkColdStart starts a server on a store of 1,000 people with 10,240
// messages each, ten million, and measures until it listens, and until somebody
// has the first answer to SELECT. $POSTSTUBE_COLD_PEOPLE is another number of
// people. The page cache is dropped before each start where that may be done.
//
// It takes 6 GiB of disk and some minutes to fill the store.
func BenchmarkColdStart(b *testing.B) {
	people := 1000
	if n, err := strconv.Atoi(os.Getenv("POSTSTUBE_COLD_PEOPLE")); err == nil && n > 0 {
		people = n
	}
	dir, c := b.TempDir(), Default()
	c.Listen, c.Storage.MinFree, c.Storage.Ballast = Listen{IMAP: []string{"127.0.0.1:0"}}, 0, 0
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	began := time.Now()
	messages := fillMany(b, dir, c, people, log)
	b.Logf("%d people, %d messages, filled in %v", people, messages, time.Since(began).Round(time.Second))
	var listening, selecting time.Duration
	user := 0
	for b.Loop() {
		b.StopTimer()
		dropCaches(b)
		user++ // nobody whose mailbox is in memory
		b.StartTimer()
		start := time.Now()
		s, err := Start(b.Context(), dir, c, log)
		if err != nil {
			b.Fatal(err)
		}
		listening += time.Since(start)
		conn, err := net.Dial("tcp", s.Addresses()[0].Addr)
		if err != nil {
			b.Fatal(err)
		}
		r := bufio.NewReader(conn)
		say(b, conn, r, "a LOGIN "+personName(user%people)+" secret")
		asked := time.Now()
		if exists := say(b, conn, r, "b SELECT INBOX"); !strings.Contains(exists, fmt.Sprint("* ", messages/people, " EXISTS")) {
			b.Fatal(exists)
		}
		selecting += time.Since(asked)
		b.StopTimer()
		conn.Close()
		if err := s.Stop(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(listening.Milliseconds())/float64(b.N), "ms-to-listen/op")
	b.ReportMetric(float64(selecting.Microseconds())/1000/float64(b.N), "ms-to-select/op")
}

func personName(i int) string { return fmt.Sprintf("p%04d", i) }

// fillMany fills the store: each person has 80 messages of their own, and copies.
func fillMany(b *testing.B, dir string, c Config, people int, log *slog.Logger) (messages int) {
	b.Helper()
	must := func(err error) {
		if err != nil {
			b.Helper()
			b.Fatal(err)
		}
	}
	ctx := b.Context()
	store, err := OpenStore(ctx, dir, &c, log)
	must(err)
	defer func() { must(store.Close()) }()
	list := make([]directory.NewPerson, people)
	for i := range list {
		list[i] = directory.NewPerson{Name: personName(i), Password: "secret"}
	}
	added, err := store.Directory.AddPeople(ctx, list, nil)
	must(err)
	const own, doublings = 80, 7
	for i, p := range added {
		u := store.Engine.As(p, mail.Origin{Protocol: "bench"})
		batch := make([]mail.NewMessage, own)
		for n := range batch {
			text := fmt.Sprintf("From: anna@example.org\r\nSubject: number %d of %d\r\nMessage-ID: <%d.%d@example.org>\r\n\r\n%s",
				n, i, n, i, strings.Repeat("The quick brown fox jumps over the lazy dog.\r\n", 40))
			batch[n].Upload, err = store.Engine.Upload(ctx, strings.NewReader(text), int64(len(text)))
			must(err)
		}
		_, err := u.Append(ctx, "INBOX", batch)
		must(err)
		messages += own << doublings
		for range doublings {
			must(doubleInbox(ctx, u))
		}
	}
	must(store.Engine.IndexAll(ctx, nil))
	return messages
}

func doubleInbox(ctx context.Context, u *mail.User) error {
	inbox, err := u.Open(ctx, "INBOX")
	if err != nil {
		return err
	}
	all, err := inbox.State(ctx, false)
	if err != nil {
		return err
	}
	_, err = inbox.Copy(ctx, all.UIDs, "INBOX")
	return err
}

// dropCaches makes reads go to the disk, when run as root on Linux.
func dropCaches(b *testing.B) {
	if err := os.WriteFile(filepath.Join("/proc/sys/vm", "drop_caches"), []byte("3"), 0); err != nil {
		b.Logf("the page cache stays warm: %v", err)
	}
}

// say sends a command and returns what comes until its end.
func say(b *testing.B, w io.Writer, r *bufio.Reader, command string) string {
	b.Helper()
	if _, err := io.WriteString(w, command+"\r\n"); err != nil {
		b.Fatal(err)
	}
	tag, _, _ := strings.Cut(command, " ")
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		all.WriteString(line)
		if rest, ok := strings.CutPrefix(line, tag+" "); ok {
			if !strings.HasPrefix(rest, "OK") {
				b.Fatal(line)
			}
			return all.String()
		}
	}
}
