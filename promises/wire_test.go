package promises

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"

	"poststube/admin"
)

// A wire is one IMAP session, as bare as it can be: what the server says is what
// the rigs look at.
type wire struct {
	conn net.Conn
	r    *bufio.Reader
	tags int
	user string
	// service is the control socket, for what IMAP has no command for.
	service admin.Service
}

// dialWire connects to a server, every other time with TLS, and logs in.
func dialWire(p *process, user string) (*wire, error) {
	var conn net.Conn
	var err error
	if p.dials.Add(1)%2 == 0 {
		conn, err = tls.Dial("tcp", p.addrs["imaps"], &tls.Config{InsecureSkipVerify: true}) // it has signed its certificate itself
	} else {
		conn, err = net.Dial("tcp", p.addrs["imap"])
	}
	if err != nil {
		return nil, err
	}
	w, err := newWire(conn)
	if err == nil {
		w.user, w.service = user, p.service()
		_, _, err = w.must("LOGIN %s secret", user)
	}
	if err == nil {
		_, _, err = w.must("ENABLE CONDSTORE")
	}
	if err != nil {
		conn.Close()
	}
	return w, err
}

// errRefused is NO or BAD, where OK was due.
var errRefused = errors.New("refused")

func newWire(conn net.Conn) (*wire, error) {
	w := &wire{conn: conn, r: bufio.NewReader(conn)}
	line, err := w.line()
	if err == nil && !strings.HasPrefix(line, "* OK") {
		err = fmt.Errorf("%w: greeting %q", errRefused, line)
	}
	return w, err
}

var literal = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// line reads one response with its literals.
func (w *wire) line() (string, error) {
	var b strings.Builder
	for {
		line, err := w.r.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			return b.String(), err
		}
		m := literal.FindStringSubmatch(line)
		if m == nil {
			return strings.TrimSuffix(b.String(), "\r\n"), nil
		}
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil {
			return b.String(), err
		}
		if _, err := io.CopyN(&b, w.r, n); err != nil {
			return b.String(), err
		}
	}
}

// say sends one command and returns the untagged responses and the tagged one
// without its tag, whatever it is.
func (w *wire) say(command string) (lines []string, tagged string, err error) {
	w.tags++
	tag := fmt.Sprintf("t%d ", w.tags)
	if _, err := io.WriteString(w.conn, tag+command+"\r\n"); err != nil {
		return nil, "", err
	}
	for {
		line, err := w.line()
		if err != nil {
			return lines, "", fmt.Errorf("%w, after %q", err, lines)
		}
		if rest, ok := strings.CutPrefix(line, tag); ok {
			return lines, rest, nil
		}
		lines = append(lines, line)
	}
}

// must is say for what must be done.
func (w *wire) must(format string, args ...any) (lines []string, tagged string, err error) {
	command := fmt.Sprintf(format, args...)
	lines, tagged, err = w.say(command)
	if err == nil && !strings.HasPrefix(tagged, "OK") {
		command, _, _ = strings.Cut(command, "\r\n")
		err = fmt.Errorf("%w: %s: %s", errRefused, command, tagged)
	}
	return lines, tagged, err
}

// set writes UIDs as a sequence set.
func set(uids []uint32) string {
	var b []byte
	for i, uid := range uids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(uid), 10)
	}
	return string(b)
}

// parseSet is set's inverse for what a server writes.
func parseSet(text string) (uids []uint32, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, ok := strings.Cut(part, ":")
		if !ok {
			to = from
		}
		a, err1 := strconv.ParseUint(from, 10, 32)
		b, err2 := strconv.ParseUint(to, 10, 32)
		if err := errors.Join(err1, err2); err != nil || b < a || b-a > 1e6 {
			return nil, fmt.Errorf("no sequence set: %q", text)
		}
		for ; a <= b; a++ {
			uids = append(uids, uint32(a))
		}
	}
	return uids, nil
}

var (
	codeAppend = regexp.MustCompile(`\[APPENDUID \d+ ([\d:,]+)\]`)
	codeCopy   = regexp.MustCompile(`\[COPYUID \d+ [\d:,]+ ([\d:,]+)\]`)
	itemUID    = regexp.MustCompile(`[( ]UID (\d+)`)
	itemModseq = regexp.MustCompile(`[( ]MODSEQ \((\d+)\)`)
	itemFlags  = regexp.MustCompile(`[( ]FLAGS \(([^)]*)\)`)
	itemBody   = regexp.MustCompile(`[( ]BODY\[\] \{(\d+)\}\r\n`)
)

func number(re *regexp.Regexp, text string) uint64 {
	m := re.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseUint(m[1], 10, 64)
	return n
}

// do does one command over IMAP.
func (w *wire) do(o op) (got outcome, err error) {
	switch o.kind {
	case "create":
		_, _, err = w.must("CREATE %s", o.folder)
	case "delete":
		_, _, err = w.must("DELETE %s", o.folder)
	case "rename":
		_, _, err = w.must("RENAME %s %s", o.folder, o.to)
	case "setacl":
		if o.rights == "" {
			_, _, err = w.must("DELETEACL %s %s", o.folder, o.who)
		} else {
			_, _, err = w.must("SETACL %s %s %s", o.folder, o.who, o.rights)
		}
	case "append":
		octets := text(o.subject)
		var tagged string
		if _, tagged, err = w.must("APPEND %s (%s) {%d+}\r\n%s", o.folder, o.flag, len(octets), octets); err == nil {
			got.uids, err = uidsIn(codeAppend, tagged)
		}
	case "annotate":
		value := "NIL"
		if o.flag != "" {
			value = strconv.Quote(o.flag)
		}
		_, _, err = w.must("SETMETADATA %s (%s %s)", o.folder, o.who, value)
	case "undelete", "import":
		return administer(w.service, w.user, o)
	default:
		if _, _, err := w.must("SELECT %s", o.folder); err != nil {
			return got, err
		}
		return w.inSelected(o)
	}
	return got, err
}

func uidsIn(re *regexp.Regexp, text string) ([]uint32, error) {
	m := re.FindStringSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("no UIDs in %q", text)
	}
	return parseSet(m[1])
}

func (w *wire) inSelected(o op) (got outcome, err error) {
	switch o.kind {
	case "store":
		sign := "-"
		if o.add {
			sign = "+"
		}
		lines, _, err := w.must("UID STORE %s %sFLAGS (%s)", set(o.uids), sign, o.flag)
		got.modseqs = map[uint32]uint64{}
		for _, line := range lines {
			if uid, modseq := number(itemUID, line), number(itemModseq, line); uid != 0 && modseq != 0 {
				got.modseqs[uint32(uid)] = modseq
			}
		}
		return got, err
	case "expunge":
		_, _, err := w.must("UID EXPUNGE %s", set(o.uids))
		return got, err
	case "replace":
		octets := text(o.subject)
		lines, tagged, err := w.must("UID REPLACE %d %s (%s) {%d+}\r\n%s", o.uids[0], o.to, o.flag, len(octets), octets)
		if err == nil {
			got.uids, err = uidsIn(codeAppend, strings.Join(lines, "\n")+tagged)
		}
		return got, err
	}
	lines, tagged, err := w.must("UID %s %s %s", strings.ToUpper(o.kind), set(o.uids), o.to)
	if err == nil {
		got.uids, err = uidsIn(codeCopy, strings.Join(lines, "\n")+tagged)
	}
	return got, err
}

var (
	statusNumbers = regexp.MustCompile(`([A-Z]+) (\d+)`)
	metadataItem  = regexp.MustCompile(`(/[a-z/-]+) "([^"]*)"`)
	listName      = regexp.MustCompile(`^\* LIST \([^)]*\) "/" "?([^"]+)"?$`)
)

// read returns the client's mailboxes as they are now.
func (w *wire) read(prefix string) (store, error) {
	var lines []string
	for _, pattern := range []string{prefix + "*", "Users/%/" + prefix + "*"} {
		more, _, err := w.must(`LIST "" %s`, pattern)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	found := store{}
	var err error
	for _, line := range lines {
		if m := listName.FindStringSubmatch(line); m != nil && !strings.Contains(line, "NonExistent") {
			if found[m[1]], err = w.readFolder(m[1]); err != nil {
				return nil, fmt.Errorf("%s: %w", m[1], err)
			}
		}
	}
	return found, nil
}

func (w *wire) readFolder(name string) (*folder, error) {
	f := newFolder()
	f.foreign = isForeign(name)
	lines, _, err := w.must("STATUS %s (UIDVALIDITY UIDNEXT HIGHESTMODSEQ)", name)
	if err != nil {
		return nil, err
	}
	for _, m := range statusNumbers.FindAllStringSubmatch(strings.Join(lines, " "), -1) {
		n, _ := strconv.ParseUint(m[2], 10, 64)
		switch m[1] {
		case "UIDVALIDITY":
			f.validity = uint32(n)
		case "UIDNEXT":
			f.next = uint32(n)
		case "HIGHESTMODSEQ":
			f.highest = n
		}
	}
	if _, _, err := w.must("EXAMINE %s", name); err != nil {
		return nil, err
	}
	if lines, _, err = w.must("UID FETCH 1:* (FLAGS MODSEQ BODY.PEEK[])"); err != nil {
		return nil, err
	}
	for _, line := range lines {
		at := itemBody.FindStringSubmatchIndex(line)
		if at == nil {
			continue
		}
		n, _ := strconv.Atoi(line[at[2]:at[3]])
		octets, items := line[at[1]:at[1]+n], line[:at[0]]+line[at[1]+n:]
		m := message{modseq: number(itemModseq, items)}
		if m.subject, err = subjectOf(octets); err != nil {
			return nil, err
		}
		if flags := itemFlags.FindStringSubmatch(items); flags != nil {
			m.flags = sortWords(strings.Fields(strings.ReplaceAll(flags[1], `\Recent`, "")))
		}
		f.messages[uint32(number(itemUID, items))] = m
	}
	if f.foreign {
		return f, nil
	}
	if lines, _, err = w.must("GETMETADATA (DEPTH infinity) %s (/shared /private)", name); err != nil {
		return nil, err
	}
	for _, m := range metadataItem.FindAllStringSubmatch(strings.Join(lines, "\n"), -1) {
		f.notes[m[1]] = strings.ReplaceAll(m[2], `\\`, `\`)
	}
	if strings.Contains(name, "/") {
		return f, nil // it inherits
	}
	lines, _, err = w.must("GETACL %s", name)
	for _, line := range lines {
		words := strings.Fields(line)
		for i := 3; i+1 < len(words) && words[1] == "ACL"; i += 2 {
			if words[i] == "clara" || words[i] == "dora" {
				f.rights[words[i]] = words[i+1]
			}
		}
	}
	return f, err
}
