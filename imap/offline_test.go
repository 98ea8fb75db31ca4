package imap_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"poststube/dialogue/house"
	"poststube/mail"
)

// TestOffline lets four people with different rights change a shared mailbox in
// which \Seen is everyone's own, and five clients follow it that come and go, also
// in the middle of an answer. Whenever one has caught up, by QRESYNC, by CONDSTORE,
// with UIDONLY or without, with all that it knows or with the last modseq only, it
// believes what an oracle knows, also when the log of changes was forgotten
// meanwhile; and on the way each message has a new modseq for exactly those who see
// it otherwise than before, larger than any they were told.
func TestOffline(t *testing.T) {
	checks := "40"
	if long := os.Getenv("POSTSTUBE_LONG"); long != "" {
		checks = long
	}
	was := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", checks); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { flag.Set("rapid.checks", was) })
	moves := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) move {
		// Not an IntRange, which would draw small numbers most.
		draw := func(name string, most int) int {
			return int(rapid.Uint64Range(0, 1<<63).Draw(rt, name) % uint64(most+1))
		}
		return move{draw("kind", 9), draw("what", 7), draw("who", 4), draw("which", 40), draw("how", 9)}
	}), 40, 120)
	histories, caught, resumed := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		list := moves.Draw(rt, "moves")
		var problem error
		var log string
		synctest.Test(t, func(*testing.T) {
			o := &offline{}
			problem = o.play(list)
			for _, p := range o.all() {
				log += fmt.Sprintf("\n%s\n\t%s", p.name, strings.Join(p.log, "\n\t"))
			}
			caught, resumed = caught+o.caught, resumed+o.resumed
		})
		histories++
		if problem != nil {
			rt.Fatalf("%v%s", problem, log)
		}
	})
	if resumed < histories/2 {
		t.Errorf("in %d histories clients went on from what they knew %d times: too few to prove anything", histories, resumed)
	}
	t.Logf("tried: %d histories, clients caught up %d times, %d of them on a new connection from what they knew", histories, caught, resumed)
}

// A move is what somebody does, as rapid draws it.
type move struct{ kind, what, who, which, how int }

// offline is one history.
type offline struct {
	h         *house.House
	writers   []*actor
	followers []*follower
	model     map[uint32]*truth
	next      uint32            // UIDNEXT
	was       []map[uint32]view // what each person saw last, with modseqs
	highest   []uint64          // that each was told
	caught    int
	resumed   int // caught up on a new connection from an old modseq
}

// A truth is a message as the oracle has it.
type truth struct {
	shared map[string]bool
	seen   [4]bool
}

// A view is a message as somebody sees it.
type view struct {
	flags  string
	modseq uint64
}

// An actor is a person with the mailbox open.
type actor struct {
	*picture
	who    int
	box    string
	rights string
}

var cast = []struct{ name, rights string }{{"anna", "lrswipkxtea"}, {"ben", "lrswite"}, {"clara", "lrs"}, {"dora", "lrsi"}}

func (o *offline) all() (list []*picture) {
	for _, w := range o.writers {
		list = append(list, w.picture)
	}
	for _, f := range o.followers {
		list = append(list, f.actor.picture)
	}
	return list
}

func (o *offline) play(list []move) error {
	h, err := house.New()
	if err != nil {
		return err
	}
	o.h, o.model, o.next, o.highest = h, map[uint32]*truth{}, 1, make([]uint64, len(cast))
	for _, p := range cast {
		if err := h.Set([]string{"user", p.name}, nil); err != nil {
			return err
		}
	}
	for _, s := range []string{"mailbox anna Team", "mailbox anna other", "allow anna Team ben lrswite", "allow anna Team clara lrs", "allow anna Team dora lrsi"} {
		if err := h.Set(strings.Fields(s), nil); err != nil {
			return err
		}
	}
	err = o.begin()
	for i, m := range list {
		if err == nil {
			if err = o.step(m); err != nil {
				err = fmt.Errorf("move %d, %+v: %w", i, m, err)
			}
		}
	}
	for _, f := range o.followers {
		if err == nil {
			err = f.catchUp(o)
		}
	}
	for _, p := range o.all() {
		p.conn.Close()
	}
	synctest.Wait()
	if closed := h.Close(); err == nil {
		err = closed
	}
	return err
}

// begin logs everybody in.
func (o *offline) begin() error {
	for i := range cast {
		w := &actor{who: i}
		if err := o.open(w); err != nil {
			return err
		}
		o.writers = append(o.writers, w)
		o.was = append(o.was, map[uint32]view{})
	}
	for i, f := range []follower{
		{how: qresync}, {how: condstore}, {how: qresync, uidOnly: true}, {how: qresync, tellsKnown: true}, {how: condstore, uidOnly: true},
	} {
		f.actor = &actor{picture: &picture{name: "none", conn: nopConn{}}, who: i % len(cast)}
		f.number, f.known = i, map[uint32]string{}
		o.followers = append(o.followers, &f)
		if err := o.followers[i].connect(o, -1); err != nil {
			return err
		}
	}
	return nil
}

// sit opens a connection of somebody.
func (o *offline) sit(who int, prefix string) (*actor, error) {
	p, err := dial(o.h, fmt.Sprintf("%s%d", prefix, who))
	if err != nil {
		return nil, err
	}
	synctest.Wait()
	p.take()
	a := &actor{picture: p, who: who, box: "Users/anna/Team", rights: cast[who].rights}
	if who == 0 {
		a.box = "Team"
	}
	return a, a.must("LOGIN %s secret", cast[who].name)
}

// step does one move: of a writer, or of a follower.
func (o *offline) step(m move) error {
	f := o.followers[m.who]
	a := o.writers[m.who%len(cast)]
	switch {
	case m.kind == 1:
		f.leave()
		return nil
	case m.kind == 2:
		return o.restart(m.how == 0)
	case m.kind == 4: // what is everyone's own
		m.what, m.how = 2, 2
	case m.kind == 5:
		return f.idle()
	case m.kind == 6 && f.online:
		return f.cut(o, m)
	case m.kind == 7 && !f.online:
		return f.connect(o, m.how)
	case m.kind == 8 && f.online && !f.idling:
		if err := f.catchUp(o); err != nil {
			return err
		}
		return o.write(f, f.actor, m)
	case m.kind != 0 && m.kind != 9:
		return f.catchUp(o)
	}
	return o.write(a, a, m)
}

// restart starts the server anew, so that nothing of what has changed is in memory;
// before that, what was expunged goes for good, and the log of it is forgotten, if
// that is wanted.
func (o *offline) restart(purge bool) error {
	for _, p := range o.all() {
		p.conn.Close()
	}
	for _, f := range o.followers {
		f.leave()
	}
	if purge {
		now := time.Now().Add(time.Minute)
		if _, err := o.h.Engine().Purge(context.Background(), mail.PurgeOptions{Deleted: now, Log: now}); err != nil {
			return err
		}
	}
	if err := o.h.Restart(); err != nil {
		return err
	}
	for _, w := range o.writers {
		log := w.log
		if err := o.open(w); err != nil {
			return err
		}
		w.log = append(log, w.log...)
	}
	return nil
}

// open lets a writer in.
func (o *offline) open(w *actor) error {
	a, err := o.sit(w.who, "w")
	if err != nil {
		return err
	}
	*w = *a
	if err := w.must("ENABLE CONDSTORE"); err != nil {
		return err
	}
	return w.must("SELECT %s", w.box)
}

// write lets an actor change the mailbox through a client, and then compares what
// everybody sees.
func (o *offline) write(client interface {
	do(format string, args ...any) (string, error)
}, a *actor, m move) error {
	uid := 1 + uint32(m.which)%max(o.next, 2)
	flag := []string{`\Flagged`, `\Deleted`, `\Seen`, "todo", `\Answered`}[m.how%5]
	add := m.how < 7
	switch m.what {
	case 0, 1:
		tagged, err := client.do("APPEND %s (%s \\Draft) {14+}\r\nSubject: x\r\n\r\n", a.box, flag)
		if err != nil {
			return err
		}
		if ok := strings.HasPrefix(tagged, "OK"); ok != strings.Contains(a.rights, "i") {
			return fmt.Errorf("%s may do %s: %s", a.name, a.rights, tagged)
		} else if ok {
			o.add(a, flag, `\Draft`)
		}
	case 2, 3, 4, 5:
		sign := "-"
		if add {
			sign = "+"
		}
		if _, err := client.do("UID STORE %d %sFLAGS (%s)", uid, sign, flag); err != nil {
			return err
		}
		if o.model[uid] != nil {
			o.set(a, o.model[uid], flag, add)
		}
	case 6:
		tagged, err := client.do("UID EXPUNGE 1:*")
		if err != nil {
			return err
		}
		if !strings.Contains(a.rights, "e") {
			if strings.HasPrefix(tagged, "OK") {
				return fmt.Errorf("%s may do %s: %s", a.name, a.rights, tagged)
			}
			break
		}
		maps.DeleteFunc(o.model, func(_ uint32, t *truth) bool { return t.shared[`\Deleted`] })
	case 7:
		if a.who != 0 {
			return o.write(client, a, move{0, 2, m.who, m.which, m.how})
		}
		tagged, err := client.do("UID MOVE %d other", uid)
		if err != nil || !strings.HasPrefix(tagged, "OK") {
			return fmt.Errorf("MOVE: %s, %w", tagged, err)
		}
		delete(o.model, uid)
	}
	return o.look()
}

func (o *offline) add(a *actor, flags ...string) {
	t := &truth{shared: map[string]bool{}}
	for _, f := range flags {
		o.set(a, t, f, true)
	}
	o.model[o.next] = t
	o.next++
}

// set changes a flag as far as the actor may.
func (o *offline) set(a *actor, t *truth, flag string, add bool) {
	switch need := map[string]string{`\Seen`: "s", `\Deleted`: "t"}[flag]; {
	case flag == `\Seen` && strings.Contains(a.rights, need):
		t.seen[a.who] = add
	case flag == `\Seen`:
	case need == "" && strings.Contains(a.rights, "w"), need != "" && strings.Contains(a.rights, need):
		t.shared[flag] = add
	}
}

// flags are a message's as somebody sees them.
func (t *truth) flags(who int) string {
	var words []string
	for f, on := range t.shared {
		if on {
			words = append(words, f)
		}
	}
	if t.seen[who] {
		words = append(words, `\Seen`)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// look lets everybody fetch everything, and compares with the oracle.
func (o *offline) look() error {
	for who, w := range o.writers {
		if err := w.must("NOOP"); err != nil {
			return err
		}
		tag := w.send("UID FETCH 1:* (FLAGS MODSEQ)")
		synctest.Wait()
		now := map[uint32]view{}
		lines := w.take()
		for _, line := range lines {
			if uid, v, ok := parseView(line); ok {
				now[uid] = v
			}
		}
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, tag+" OK") }) {
			return fmt.Errorf("%s: FETCH: %q", w.name, lines)
		}
		if len(now) != len(o.model) {
			return fmt.Errorf("%s sees %d messages, there are %d", w.name, len(now), len(o.model))
		}
		highest := o.highest[who]
		for uid, v := range now {
			t := o.model[uid]
			if t == nil || t.flags(who) != v.flags {
				return fmt.Errorf("%s sees UID %d with (%s), the oracle %+v", w.name, uid, v.flags, t)
			}
			old, known := o.was[who][uid]
			switch changed := !known || old.flags != v.flags; {
			case changed && v.modseq <= highest:
				return fmt.Errorf("%s: UID %d is (%s) now and was (%s), with modseq %d; %d was told before", w.name, uid, v.flags, old.flags, v.modseq, highest)
			case !changed && old.modseq != v.modseq:
				return fmt.Errorf("%s: UID %d is (%s) as before, and its modseq was %d and is %d", w.name, uid, v.flags, old.modseq, v.modseq)
			}
			o.highest[who] = max(o.highest[who], v.modseq)
		}
		o.was[who] = now
	}
	return nil
}

// parseView reads a FETCH or UIDFETCH line that has flags and modseq.
func parseView(line string) (uid uint32, v view, ok bool) {
	u, f, s := uidItem.FindStringSubmatch(line), flagsItem.FindStringSubmatch(line), modseqItem.FindStringSubmatch(line)
	if m := uidFetchLine.FindStringSubmatch(line); m != nil {
		u = m
	}
	if u == nil || f == nil || s == nil || !strings.HasPrefix(line, "* ") {
		return 0, v, false
	}
	fmt.Sscan(u[1], &uid)
	fmt.Sscan(s[1], &v.modseq)
	v.flags = strings.Join(flagsOf(f[1]), " ")
	return uid, v, true
}
