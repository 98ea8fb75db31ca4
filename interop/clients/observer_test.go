package clients

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An observer is the client on the other side: a connection that speaks IMAP
// as plainly as can be. Mailbox names are as on the wire, in modified UTF-7.
type observer struct {
	r    *rig
	conn net.Conn
	in   *bufio.Reader
	tag  int
}

// observe logs in as a user.
func (r *rig) observe(user string) *observer {
	r.Helper()
	conn, err := new(net.Dialer).DialContext(r.ctx, "tcp", "127.0.0.1:"+r.node.imap)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = conn.Close() })
	context.AfterFunc(r.ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	o := &observer{r: r, conn: conn, in: bufio.NewReader(conn)}
	if greeting := o.response(); !strings.HasPrefix(greeting.text, "* OK") {
		r.Fatalf("greeting: %s", greeting.text)
	}
	o.do("LOGIN %s %s", user, password)
	return o
}

// A response is one, with its literals cut out of the text, where "{n}" is left.
type response struct {
	text     string
	literals [][]byte
}

var literalEnd = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// response reads the next one.
func (o *observer) response() (resp response) {
	o.r.Helper()
	for {
		line, err := o.in.ReadString('\n')
		if err != nil {
			o.r.Fatalf("the observer got %q and then: %v", resp.text+line, err)
		}
		size := literalEnd.FindStringSubmatch(line)
		if size == nil {
			resp.text += strings.TrimSuffix(line, "\r\n")
			return resp
		}
		n, _ := strconv.Atoi(size[1])
		literal := make([]byte, n)
		if _, err := io.ReadFull(o.in, literal); err != nil {
			o.r.Fatal(err)
		}
		resp.text += strings.TrimSuffix(line, "\r\n")
		resp.literals = append(resp.literals, literal)
	}
}

// try sends a command and returns its untagged responses and the text of the
// tagged one, from "OK", "NO" or "BAD" on.
func (o *observer) try(format string, args ...any) ([]response, string) {
	o.r.Helper()
	tag := o.send(format, args...)
	return o.until(tag)
}

func (o *observer) send(format string, args ...any) (tag string) {
	o.r.Helper()
	o.tag++
	tag = "o" + strconv.Itoa(o.tag)
	if _, err := fmt.Fprintf(o.conn, tag+" "+format+"\r\n", args...); err != nil {
		o.r.Fatal(err)
	}
	return tag
}

func (o *observer) until(tag string) (untagged []response, result string) {
	o.r.Helper()
	for {
		resp := o.response()
		if result, ok := strings.CutPrefix(resp.text, tag+" "); ok {
			return untagged, result
		}
		untagged = append(untagged, resp)
	}
}

// do is try with a command that must succeed.
func (o *observer) do(format string, args ...any) []response {
	o.r.Helper()
	untagged, result := o.try(format, args...)
	if !strings.HasPrefix(result, "OK") {
		o.r.Fatalf("the observer's "+format+" was answered %s", append(args, result)...)
	}
	return untagged
}

// create makes a mailbox if it is not there.
func (o *observer) create(mailbox string) {
	o.r.Helper()
	if _, result := o.try("CREATE %q", mailbox); !strings.HasPrefix(result, "OK") && !strings.Contains(result, "ALREADYEXISTS") {
		o.r.Fatalf("CREATE %s: %s", mailbox, result)
	}
	o.do("SUBSCRIBE %q", mailbox)
}

// append stores a message with flags, such as `\Seen $Todo`.
func (o *observer) append(mailbox, flags string, raw []byte) {
	o.r.Helper()
	o.do("APPEND %q (%s) {%d+}\r\n%s", mailbox, flags, len(raw), raw)
}

// A message is one as the observer sees it.
type message struct {
	uid   int
	flags []string // without \Recent, sorted
	raw   []byte
}

func (m message) has(flag string) bool { return slices.Contains(m.flags, flag) }

// subject returns the first line that starts with "Subject: ", without that.
func (m message) subject() string {
	_, rest, _ := bytes.Cut(append([]byte("\r\n"), m.raw...), []byte("\r\nSubject: "))
	line, _, _ := bytes.Cut(rest, []byte("\r\n"))
	return string(line)
}

var (
	fetchUID   = regexp.MustCompile(`UID (\d+)`)
	fetchFlags = regexp.MustCompile(`FLAGS \(([^)]*)\)`)
)

// messages returns all that are in a mailbox, without changing anything.
func (o *observer) messages(mailbox string) (list []message) {
	o.r.Helper()
	o.do("EXAMINE %q", mailbox)
	for _, resp := range o.do("UID FETCH 1:* (UID FLAGS BODY.PEEK[])") {
		uid, flags := fetchUID.FindStringSubmatch(resp.text), fetchFlags.FindStringSubmatch(resp.text)
		if uid == nil || flags == nil || len(resp.literals) != 1 {
			continue // not a FETCH response that was asked for
		}
		m := message{flags: strings.Fields(flags[1]), raw: resp.literals[0]}
		m.uid, _ = strconv.Atoi(uid[1])
		m.flags = slices.DeleteFunc(m.flags, func(f string) bool { return f == `\Recent` })
		slices.Sort(m.flags)
		list = append(list, m)
	}
	return list
}

// await waits by IDLE until the messages of a mailbox are as they should be, and
// returns them. It fails the test when the client's time is over.
func (o *observer) await(mailbox, what string, good func([]message) bool) []message {
	o.r.Helper()
	timer := time.AfterFunc(patience, func() { _ = o.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer timer.Stop()
	for {
		list := o.messages(mailbox)
		if good(list) {
			return list
		}
		if !o.idle() {
			o.r.Fatalf("%s: not seen in %s after %v, but:\n%s", what, mailbox, patience, describe(list))
		}
	}
}

// patience is how long the effect of a client's action may take to be seen.
const patience = 15 * time.Second

// idle waits for a change of the mailbox that was read last. It is false when
// patience is exhausted. EXAMINE looks at a mailbox and IDLE begins after that,
// so what changes in between is told at once.
func (o *observer) idle() bool {
	o.r.Helper()
	tag := o.send("IDLE")
	if resp := o.response(); !strings.HasPrefix(resp.text, "+") {
		o.r.Fatalf("IDLE: %s", resp.text)
	}
	if _, err := o.in.Peek(1); err != nil {
		return false
	}
	fmt.Fprint(o.conn, "DONE\r\n")
	if _, result := o.until(tag); !strings.HasPrefix(result, "OK") {
		o.r.Fatalf("IDLE: %s", result)
	}
	return true
}

// describe tells people what is in a mailbox.
func describe(list []message) string {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "\tUID %d %s %v, %d octets\n", m.uid, m.subject(), m.flags, len(m.raw))
	}
	if len(list) == 0 {
		return "\t(no message)\n"
	}
	return b.String()
}
