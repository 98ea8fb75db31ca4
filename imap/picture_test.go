package imap_test

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing/synctest"

	"poststube/dialogue/house"
	"poststube/uidset"
)

// A picture is a client that believes what it is told, and nothing else: the
// messages by sequence number, their UIDs and flags, as far as it knows them.
type picture struct {
	name    string
	conn    net.Conn
	qresync bool
	idling  bool

	messages []seen // by sequence number
	validity string
	modseq   uint64 // up to which it knows everything (RFC 7162 section 6)
	highest  uint64 // of MODSEQ since the last tagged response
	code     uint64 // of HIGHESTMODSEQ since then
	tags     int
	log      []string // of the conversation, for failures

	mu    sync.Mutex
	lines []string
}

// A seen is a message as the client knows it; uid is 0 and flags are nil until
// it is told.
type seen struct {
	uid   uint32
	flags []string
}

func dial(h *house.House, name string) (*picture, error) {
	conn, err := h.Dial("imap", netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		return nil, err
	}
	p := &picture{name: name, conn: conn}
	go func() {
		r := bufio.NewReader(conn)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			p.mu.Lock()
			p.lines = append(p.lines, strings.TrimSuffix(line, "\r\n"))
			p.mu.Unlock()
		}
	}()
	return p, nil
}

// send sends a command and returns its tag.
func (p *picture) send(format string, args ...any) string {
	p.tags++
	tag := fmt.Sprintf("%s%d", p.name, p.tags)
	p.write(tag + " " + fmt.Sprintf(format, args...))
	return tag
}

func (p *picture) write(line string) {
	p.log = append(p.log, "C: "+line)
	fmt.Fprintf(p.conn, "%s\r\n", line)
}

// take returns what has been received and forgets it.
func (p *picture) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines
	p.lines = nil
	for _, l := range lines {
		p.log = append(p.log, "S: "+l)
	}
	return lines
}

var (
	numberLine   = regexp.MustCompile(`^\* (\d+) (EXISTS|EXPUNGE)$`)
	vanishedLine = regexp.MustCompile(`^\* VANISHED (\(EARLIER\) )?(\S+)$`)
	fetchLine    = regexp.MustCompile(`^\* (\d+) FETCH \((.*)\)$`)
	uidItem      = regexp.MustCompile(`UID (\d+)`)
	flagsItem    = regexp.MustCompile(`FLAGS \(([^)]*)\)`)
	modseqItem   = regexp.MustCompile(`MODSEQ \((\d+)\)`)
	modseqCode   = regexp.MustCompile(`\[HIGHESTMODSEQ (\d+)\]`)
	validityCode = regexp.MustCompile(`\[UIDVALIDITY (\d+)\]`)
)

// believe takes in all that was received. It returns the tagged response of
// tag, which must have come unless tag is "".
func (p *picture) believe(tag string) (tagged string, err error) {
	for _, line := range p.take() {
		if rest, ok := strings.CutPrefix(line, tag+" "); ok && tag != "" {
			tagged = rest
		}
		if err := p.hear(line); err != nil {
			return tagged, fmt.Errorf("%s: %q: %w", p.name, line, err)
		}
		if tagged != "" {
			p.settle()
		}
	}
	if tag != "" && tagged == "" {
		return "", fmt.Errorf("%s: no tagged response to %s", p.name, tag)
	}
	return tagged, nil
}

// settle ends a command: RFC 7162 section 6 says what the client knows now.
func (p *picture) settle() {
	switch {
	case p.code != 0:
		p.modseq = p.code
	case p.highest > p.modseq:
		p.modseq = p.highest
	}
	p.code, p.highest = 0, 0
}

func (p *picture) hear(line string) error {
	if m := modseqCode.FindStringSubmatch(line); m != nil {
		p.code, _ = strconv.ParseUint(m[1], 10, 64)
	}
	if m := validityCode.FindStringSubmatch(line); m != nil {
		p.validity = m[1]
	}
	if m := numberLine.FindStringSubmatch(line); m != nil {
		n, _ := strconv.Atoi(m[1])
		if m[2] == "EXISTS" {
			return p.exists(n)
		}
		if n < 1 || n > len(p.messages) {
			return fmt.Errorf("there are %d messages", len(p.messages))
		}
		p.messages = slices.Delete(p.messages, n-1, n)
	}
	if m := vanishedLine.FindStringSubmatch(line); m != nil {
		return p.vanish(m[2], m[1] != "")
	}
	if m := fetchLine.FindStringSubmatch(line); m != nil {
		n, _ := strconv.Atoi(m[1])
		return p.fetched(n, m[2])
	}
	return nil
}

func (p *picture) exists(n int) error {
	if n < len(p.messages) {
		return fmt.Errorf("EXISTS fell from %d", len(p.messages))
	}
	for len(p.messages) < n {
		p.messages = append(p.messages, seen{})
	}
	return nil
}

// vanish takes out UIDs.
func (p *picture) vanish(text string, earlier bool) error {
	set, err := uidset.Parse(text)
	if err != nil || earlier {
		return err
	}
	for uid := range set.All() {
		i := p.place(uid)
		if i < 0 {
			return fmt.Errorf("VANISHED names %d, which was never announced", uid)
		}
		p.messages = slices.Delete(p.messages, i, i+1)
	}
	return nil
}

// place finds the message with a UID, or, if the client was not told all UIDs
// yet, one that can be it by its neighbours. Which of several such it is makes no
// difference: nothing is known of any.
func (p *picture) place(uid uint32) int {
	unknown := -1
	for i, m := range p.messages {
		switch {
		case m.uid == uid:
			return i
		case m.uid == 0:
			unknown = i
		case m.uid < uid:
			unknown = -1
		case m.uid > uid:
			return unknown
		}
	}
	return unknown
}

func (p *picture) fetched(n int, items string) error {
	if n < 1 || n > len(p.messages) {
		return fmt.Errorf("there are %d messages", len(p.messages))
	}
	m := &p.messages[n-1]
	if u := uidItem.FindStringSubmatch(items); u != nil {
		uid, _ := strconv.ParseUint(u[1], 10, 32)
		if m.uid != 0 && m.uid != uint32(uid) {
			return fmt.Errorf("message %d had UID %d", n, m.uid)
		}
		m.uid = uint32(uid)
	}
	if f := flagsItem.FindStringSubmatch(items); f != nil {
		m.flags = flagsOf(f[1])
	}
	if s := modseqItem.FindStringSubmatch(items); s != nil {
		modseq, _ := strconv.ParseUint(s[1], 10, 64)
		p.highest = max(p.highest, modseq)
	}
	return nil
}

// flagsOf sorts flags; \Recent is each session's own.
func flagsOf(text string) []string {
	flags := slices.DeleteFunc(strings.Fields(text), func(f string) bool { return f == `\Recent` })
	slices.Sort(flags)
	return slices.Compact(flags)
}

// do sends a command, waits, and believes what comes.
func (p *picture) do(format string, args ...any) (string, error) {
	tag := p.send(format, args...)
	synctest.Wait()
	return p.believe(tag)
}

// must is do for a command that has to succeed.
func (p *picture) must(format string, args ...any) error {
	tagged, err := p.do(format, args...)
	if err == nil && !strings.HasPrefix(tagged, "OK") {
		err = fmt.Errorf("%s: %q", p.name, tagged)
	}
	return err
}

// learn asks for what is not known of new messages, and only of those: it must
// not heal what an update has missed.
func (p *picture) learn() error {
	for i, m := range p.messages {
		if m.uid == 0 || m.flags == nil {
			if err := p.must("FETCH %d:* (UID FLAGS)", i+1); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

func (p *picture) String() string {
	var b strings.Builder
	for _, m := range p.messages {
		fmt.Fprintf(&b, "%d(%s) ", m.uid, strings.Join(m.flags, " "))
	}
	return b.String()
}

// resync selects the INBOX with what an earlier connection remembers. Messages
// that are still there keep their flags unless others are told; the UIDs of all
// are asked for, which the flags are not.
func (p *picture) resync(old *picture, known map[uint32][]string) (vanished map[uint32]bool, err error) {
	tag := p.send("SELECT INBOX (QRESYNC (%s %d))", old.validity, max(old.modseq, 1))
	synctest.Wait()
	vanished = map[uint32]bool{}
	p.mu.Lock()
	for _, line := range p.lines {
		if m := vanishedLine.FindStringSubmatch(line); m != nil && m[1] != "" {
			set, perr := uidset.Parse(m[2])
			if perr != nil {
				err = perr
			}
			for uid := range set.All() {
				vanished[uid] = true
			}
		}
	}
	p.mu.Unlock()
	if _, berr := p.believe(tag); err == nil {
		err = berr
	}
	if err == nil && len(p.messages) > 0 {
		err = p.must("FETCH 1:* (UID)")
	}
	return vanished, err
}
