package imap

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"poststube/acl"
	"poststube/mail"
)

// BenchmarkGrant grants rights to a group, and takes them away again, while all
// its members idle over loopback, and measures until the last of them has been
// told. Beside it, what the members of another group cost who don't see it.
func BenchmarkGrant(b *testing.B) {
	for _, members := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(members), func(b *testing.B) { benchmarkGrant(b, members) })
	}
}

func benchmarkGrant(b *testing.B, members int) {
	srv := newTestServer(b)
	srv.census.limits.PendingPerAddress = members
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go srv.Serve(l)
	defer srv.Shutdown(b.Context())
	ctx := b.Context()
	team, err := srv.directory.AddGroup(ctx, "team")
	if err != nil {
		b.Fatal(err)
	}
	var told, ready sync.WaitGroup
	for i := range members {
		name := fmt.Sprintf("member%d", i)
		p, err := srv.directory.AddPerson(ctx, name, "secret")
		if err == nil {
			err = srv.directory.AddMembers(ctx, team.ID, p.ID)
		}
		if err != nil {
			b.Fatal(err)
		}
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		ready.Add(1)
		go watchList(conn, name, &ready, &told)
		ready.Wait()
	}
	anna, err := srv.directory.ByName(ctx, "anna")
	if err != nil {
		b.Fatal(err)
	}
	owner := srv.engine.As(anna, mail.Origin{Protocol: "test"})
	id := acl.Identifier{Kind: acl.Group, Name: team.Name}
	var worst time.Duration
	commit := func(r acl.Rights) {
		told.Add(members)
		if err := owner.SetACL(ctx, "Archive", id, acl.Modification{Rights: r}); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		told.Wait()
		worst = max(worst, time.Since(began))
	}
	for b.Loop() {
		commit(acl.Lookup | acl.Read)
		commit(acl.None)
	}
	b.ReportMetric(float64(worst.Microseconds())/1000, "ms-worst")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(2*b.N), "ms/grant")
}

// watchList logs in, idles, and counts LIST lines.
func watchList(conn net.Conn, user string, ready, told *sync.WaitGroup) {
	fmt.Fprintf(conn, "a LOGIN %s secret\r\nb SELECT INBOX\r\nc IDLE\r\n", user)
	r := bufio.NewReader(conn)
	idling := false
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case err != nil:
			return
		case line[0] == '+':
			idling = true
			ready.Done()
		case idling && strings.HasPrefix(string(line), "* LIST "):
			told.Done()
		}
	}
}
