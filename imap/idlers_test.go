package imap

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/mail"
)

// idlers are many connections over loopback that idle, and count the lines that
// they are waiting for.
type idlers struct {
	b     *testing.B
	srv   *Server
	addr  string
	ready sync.WaitGroup
	told  sync.WaitGroup
	n     int
	took  []time.Duration // from each commit until the last has heard of it
}

func newIdlers(b *testing.B, most int) *idlers {
	srv := newBenchServer(b, 3)
	srv.census.limits.SessionsPerUser, srv.census.limits.PendingPerAddress = most, most
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go srv.Serve(l)
	b.Cleanup(func() { srv.Shutdown(b.Context()) })
	return &idlers{b: b, srv: srv, addr: l.Addr().String()}
}

func (w *idlers) must(err error) {
	w.b.Helper()
	if err != nil {
		w.b.Fatal(err)
	}
}

// as is a user of the engine.
func (w *idlers) as(name string) *mail.User {
	p, err := w.srv.directory.ByName(w.b.Context(), name)
	w.must(err)
	return w.srv.engine.As(p, mail.Origin{Protocol: "test"})
}

// team makes a group with so many members and returns their names.
func (w *idlers) team(members int) (acl.Identifier, []string) {
	ctx := w.b.Context()
	people := make([]directory.NewPerson, members)
	names := make([]string, members)
	for i := range people {
		names[i] = fmt.Sprintf("member%d", i)
		people[i] = directory.NewPerson{Name: names[i], Password: "secret"}
	}
	added, err := w.srv.directory.AddPeople(ctx, people, nil)
	w.must(err)
	team, err := w.srv.directory.AddGroup(ctx, "team")
	w.must(err)
	ids := make([]directory.ID, members)
	for i := range added {
		ids[i] = added[i].ID
	}
	w.must(w.srv.directory.AddMembers(ctx, team.ID, ids...))
	return acl.Identifier{Kind: acl.Group, Name: team.Name}, names
}

// folders makes so many mailboxes of a group of its own, which a team may read.
func (w *idlers) folders(n int, team acl.Identifier) {
	ctx := w.b.Context()
	owner, err := w.srv.directory.AddGroup(ctx, "library")
	w.must(err)
	u := w.srv.engine.AsAdmin(owner, "bench")
	for i := range n {
		_, err := u.Create(ctx, fmt.Sprintf("Shelf/%04d", i), nil)
		w.must(err)
	}
	if n > 0 {
		w.must(u.SetACL(ctx, "Shelf", team, acl.Modification{Rights: acl.Lookup | acl.Read}))
	}
}

// connect lets somebody select a mailbox and idle, and count the lines with a
// beginning and an end.
func (w *idlers) connect(user, mailbox, begin, end string) {
	conn, err := net.Dial("tcp", w.addr)
	w.must(err)
	w.b.Cleanup(func() { conn.Close() })
	w.n++
	w.ready.Add(1)
	go func() {
		fmt.Fprintf(conn, "a LOGIN %s secret\r\nb SELECT %s\r\nc IDLE\r\n", user, mailbox)
		r := bufio.NewReader(conn)
		idling := false
		for {
			line, err := r.ReadSlice('\n')
			switch {
			case err != nil:
				return
			case line[0] == '+':
				idling = true
				w.ready.Done()
			case idling && strings.HasPrefix(string(line), begin) && strings.HasSuffix(string(line), end+"\r\n"):
				w.told.Done()
			case !idling && strings.HasPrefix(string(line), "b NO"):
				w.b.Errorf("%s: %s", user, line)
			}
		}
	}()
}

// commit makes a change of which each must be told once.
func (w *idlers) commit(change func() error) {
	w.told.Add(w.n)
	w.must(change())
	began := time.Now()
	w.told.Wait()
	w.took = append(w.took, time.Since(began))
}

// report tells how long after the commits the last one had heard, in the median
// and at worst.
func (w *idlers) report() {
	slices.Sort(w.took)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	w.b.ReportMetric(ms(w.took[len(w.took)/2]), "ms-last")
	w.b.ReportMetric(ms(w.took[len(w.took)-1]), "ms-worst")
}
