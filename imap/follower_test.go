package imap_test

import (
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing/synctest"

	"poststube/uidset"
)

// A follower is a client with a cache, as on a telephone.
type follower struct {
	*actor
	number     int
	how        catching
	uidOnly    bool
	tellsKnown bool // its UIDs, in SELECT

	online   bool
	known    map[uint32]string // flags by UID
	validity string
	upTo     uint64 // the modseq up to which all was told in this session
	// When it last knew all there was: the modseq then, which is what it goes on
	// from when it comes back, and the last UID.
	synced uint64
	last   uint32
}

// A catching is a way to catch up.
type catching uint8

const (
	qresync   catching = iota // RFC 7162 section 3.2
	condstore                 // RFC 4549 section 6.1: what has changed, and which are there
)

// nopConn is the connection of who has none.
type nopConn struct{ net.Conn }

func (nopConn) Close() error { return nil }

// leave loses the connection.
func (f *follower) leave() {
	f.conn.Close()
	f.online, f.idling, f.upTo = false, false, f.synced
	synctest.Wait()
}

// connect comes back and catches up; if after is not negative the connection is
// lost when so many lines of the answer have been read.
func (f *follower) connect(o *offline, after int) error {
	old := f.actor.picture
	a, err := o.sit(f.who, fmt.Sprintf("f%dx", f.number))
	if a != nil {
		a.log = append(old.log, a.log...)
		f.actor = a
	}
	if err != nil {
		return err
	}
	f.online = true
	enable := []string{"QRESYNC", "CONDSTORE"}[f.how]
	if f.uidOnly {
		enable += " UIDONLY"
	}
	if err := f.actor.must("ENABLE %s", enable); err != nil {
		return err
	}
	line := "SELECT " + f.box
	if f.how == qresync && f.validity != "" {
		uids := ""
		if f.tellsKnown && len(f.known) > 0 {
			uids = " " + f.uids().String()
		}
		line += fmt.Sprintf(" (QRESYNC (%s %d%s))", f.validity, max(f.upTo, 1), uids)
	}
	tag := f.send("%s", line)
	synctest.Wait()
	if after >= 0 {
		f.lose(after)
		return nil
	}
	lines, err := f.answer(tag)
	if err != nil {
		return err
	}
	known := f.upTo
	if known > 0 {
		o.resumed++
	}
	f.hear(lines)
	switch {
	case f.how == qresync && known > 0 && f.tellsKnown: // it was told of those only
		return f.learn(o)
	case f.how == qresync && known > 0:
		return f.agree(o)
	}
	// There is nothing to begin with, or it is CONDSTORE.
	selected := f.upTo // HIGHESTMODSEQ: whatever comes after, it is told again
	f.upTo = known
	return f.refresh(o, selected)
}

func (f *follower) uids() (s uidset.Set) {
	for uid := range f.known {
		s.Add(uid)
	}
	return s
}

// refresh fetches what has changed and asks which messages are there. All is known
// then at least up to a modseq that was told before.
func (f *follower) refresh(o *offline, before uint64) error {
	upTo := f.upTo
	lines, err := f.answer(f.sent("UID FETCH 1:* (FLAGS MODSEQ) (CHANGEDSINCE %d)", max(upTo, 1)))
	if err != nil {
		return err
	}
	highest := max(upTo, before)
	for _, line := range lines {
		if uid, v, ok := parseView(line); ok {
			f.known[uid] = v.flags
			highest = max(highest, v.modseq)
		}
	}
	if lines, err = f.answer(f.sent("UID SEARCH RETURN (ALL) ALL")); err != nil {
		return err
	}
	there := uidset.Set{}
	for _, line := range lines {
		if m := searchLine.FindStringSubmatch(line); m != nil {
			if there, err = uidset.Parse(m[1]); err != nil {
				return err
			}
		}
	}
	maps.DeleteFunc(f.known, func(uid uint32, _ string) bool { return !there.Contains(uid) })
	f.upTo = highest
	return f.agree(o)
}

var (
	uidFetchLine = regexp.MustCompile(`^\* (\d+) UIDFETCH \(`)
	searchLine   = regexp.MustCompile(`^\* ESEARCH .*ALL (\S+)$`)
)

// sent sends a command and waits.
func (f *follower) sent(format string, args ...any) (tag string) {
	tag = f.send(format, args...)
	synctest.Wait()
	return tag
}

// do gives a command and hears what comes.
func (f *follower) do(format string, args ...any) (tagged string, err error) {
	tag := f.sent(format, args...)
	lines := f.take()
	if f.how == qresync {
		f.hear(lines)
	}
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, tag+" "); ok {
			return rest, nil
		}
	}
	return "", fmt.Errorf("%s: no answer to %s: %q", f.name, tag, lines)
}

// answer returns what came up to the tagged response, which must be OK.
func (f *follower) answer(tag string) ([]string, error) {
	lines := f.take()
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, tag+" ") })
	if at < 0 || !strings.HasPrefix(lines[at], tag+" OK") {
		return lines, fmt.Errorf("%s: no OK for %s: %q", f.name, tag, lines)
	}
	return lines, nil
}

// hear takes in an answer that is whole, and then knows all up to the modseq that
// it tells (RFC 7162 section 6).
func (f *follower) hear(lines []string) {
	var code, highest uint64
	for _, line := range lines {
		f.believeLine(line)
		if m := validityCode.FindStringSubmatch(line); m != nil {
			f.validity = m[1]
		}
		if m := modseqCode.FindStringSubmatch(line); m != nil {
			code, _ = strconv.ParseUint(m[1], 10, 64)
		}
		if m := modseqItem.FindStringSubmatch(line); m != nil {
			n, _ := strconv.ParseUint(m[1], 10, 64)
			highest = max(highest, n)
		}
	}
	switch {
	case code != 0:
		f.upTo = code
	case highest > f.upTo:
		f.upTo = highest
	}
}

// believeLine takes in what one line says of messages.
func (f *follower) believeLine(line string) {
	if uid, v, ok := parseView(line); ok {
		f.known[uid] = v.flags
	}
	if m := vanishedLine.FindStringSubmatch(line); m != nil {
		if gone, err := uidset.Parse(m[2]); err == nil {
			for uid := range gone.All() {
				delete(f.known, uid)
			}
		}
	}
}

// lose loses the connection after some lines of an answer: they are believed, but
// it is not known up to where they tell everything.
func (f *follower) lose(after int) {
	lines := f.take()
	if f.how == qresync {
		for _, line := range lines[:min(after, len(lines))] {
			f.believeLine(line)
			if m := validityCode.FindStringSubmatch(line); m != nil && f.validity == "" {
				f.validity = m[1]
			}
		}
	}
	f.leave()
}

// cut gives a command and loses the connection in the middle of the answer.
func (f *follower) cut(o *offline, m move) error {
	if f.idling {
		f.write("DONE")
	} else {
		f.send("%s", []string{"NOOP", "UID FETCH 1:* (FLAGS MODSEQ)", "UID SEARCH ALL"}[m.which%3])
	}
	if m.how > 3 { // else not even that is waited for
		synctest.Wait()
	}
	f.lose(m.how)
	return nil
}

// idle waits for what comes, with IDLE.
func (f *follower) idle() error {
	if f.online && !f.idling {
		f.idling = true
		f.sent("IDLE")
	}
	return nil
}

// catchUp learns what there is to learn, and must then know the truth.
func (f *follower) catchUp(o *offline) error {
	if !f.online {
		return f.connect(o, -1)
	}
	tag := fmt.Sprintf("%s%d", f.name, f.tags)
	if f.idling {
		f.write("DONE")
		synctest.Wait()
		f.idling = false
	} else {
		tag = f.sent("NOOP")
	}
	lines, err := f.answer(tag)
	if err != nil {
		return err
	}
	if f.how == condstore {
		return f.refresh(o, 0)
	}
	f.hear(lines)
	if lines, err = f.answer(f.sent("NOOP")); err != nil { // what came during the end of IDLE
		return err
	}
	f.hear(lines)
	return f.learn(o)
}

// learn fetches the messages of which only the number was told (RFC 9051 section
// 7.4.1, EXISTS), and only those.
func (f *follower) learn(o *offline) error {
	lines, err := f.answer(f.sent("UID FETCH %d:* (FLAGS MODSEQ)", f.last+1))
	if err != nil {
		return err
	}
	f.hear(lines)
	return f.agree(o)
}

// agree compares what the client knows with the oracle.
func (f *follower) agree(o *offline) error {
	o.caught++
	f.synced = f.upTo
	for uid := range f.known {
		f.last = max(f.last, uid)
	}
	want := map[uint32]string{}
	for uid, t := range o.model {
		want[uid] = t.flags(f.who)
	}
	if !maps.Equal(f.known, want) {
		return fmt.Errorf("%s believes %v up to %d, the truth is %v", f.name, f.known, f.upTo, want)
	}
	return nil
}
