package imap

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/imap/wire"
	"poststube/mail"
)

// parseThreads reads a THREAD response as RFC 5256 section 5 writes it.
func parseThreads(text string) (out []mail.ThreadMember, err error) {
	for text != "" {
		var list []mail.ThreadMember
		if list, text, err = parseThread(text); err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// parseThread reads a thread-list. The nesting of the tests is not deep.
func parseThread(text string) (list []mail.ThreadMember, rest string, err error) {
	text, ok := strings.CutPrefix(text, "(")
	if !ok {
		return nil, "", fmt.Errorf("no list at %q", text)
	}
	for {
		n := len(text) - len(strings.TrimLeft(text, "0123456789"))
		if n == 0 {
			break
		}
		if len(list) > 0 {
			list[len(list)-1].Replies = 1
		}
		list = append(list, mail.ThreadMember{UID: number(text[:n])})
		if text = text[n:]; !strings.HasPrefix(text, " ") {
			break
		}
		text = text[1:]
	}
	if strings.HasPrefix(text, "(") {
		if len(list) == 0 {
			list = append(list, mail.ThreadMember{})
		}
		at := len(list) - 1
		for strings.HasPrefix(text, "(") {
			var sub []mail.ThreadMember
			if sub, text, err = parseThread(text); err != nil {
				return nil, "", err
			}
			list[at].Replies++
			list = append(list, sub...)
		}
		if list[at].Replies < 2 {
			return nil, "", fmt.Errorf("a nested list of one before %q", text)
		}
	}
	text, ok = strings.CutPrefix(text, ")")
	if !ok || len(list) == 0 {
		return nil, "", fmt.Errorf("no end of a list at %q", text)
	}
	return list, text, nil
}

func threadText(members []mail.ThreadMember) string {
	var out bytes.Buffer
	s := &session{enc: wire.NewEncoder(&out)}
	s.threadLine(members, true)
	s.enc.Flush()
	return out.String()
}

// TestThreadLine reads back the trees that it writes.
func TestThreadLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var members []mail.ThreadMember
		var grow func(depth int)
		grow = func(depth int) {
			at := len(members)
			members = append(members, mail.ThreadMember{UID: uint32(at + 1)})
			n := rapid.IntRange(0, 3).Draw(t, "replies")
			if depth == 0 && n >= 2 && rapid.Bool().Draw(t, "dummy") {
				members[at].UID = 0
			}
			if depth > 5 {
				n = 0
			}
			for range n {
				grow(depth + 1)
			}
			members[at].Replies = uint32(n)
		}
		for range rapid.IntRange(0, 4).Draw(t, "threads") {
			grow(0)
		}
		line := threadText(members)
		text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\r\n"), "* THREAD")
		got, err := parseThreads(strings.TrimPrefix(text, " "))
		if err != nil || !ok {
			t.Fatalf("%q: %v", line, err)
		}
		if fmt.Sprint(got) != fmt.Sprint(members) {
			t.Fatalf("%q: got %v, want %v", line, got, members)
		}
	})
}

// TestThreadLineExample is the one of RFC 5256 section 4.
func TestThreadLineExample(t *testing.T) {
	members := []mail.ThreadMember{{UID: 2}, {UID: 3, Replies: 1}, {UID: 6, Replies: 2}, {UID: 4, Replies: 1}, {UID: 23}, {UID: 44, Replies: 1}, {UID: 7, Replies: 1}, {UID: 96}}
	if got, want := threadText(members), "* THREAD (2)(3 6 (4 23)(44 7 96))\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	members = []mail.ThreadMember{{Replies: 2}, {UID: 3}, {UID: 5}}
	if got, want := threadText(members), "* THREAD ((3)(5))\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := threadText(nil); got != "* THREAD\r\n" {
		t.Errorf("of nothing: %q", got)
	}
}

// TestThreadLineDeep writes a tree that would break whoever descends into it.
func TestThreadLineDeep(t *testing.T) {
	const deep = 1_000_000
	members := make([]mail.ThreadMember, 0, 2*deep+1)
	for i := range deep {
		members = append(members, mail.ThreadMember{UID: uint32(i + 1), Replies: 2}, mail.ThreadMember{UID: uint32(deep + i + 1)})
	}
	members = append(members, mail.ThreadMember{UID: 2*deep + 1})
	line := threadText(members)
	if opened, closed := strings.Count(line, "("), strings.Count(line, ")"); opened != 2*deep+1 || opened != closed {
		t.Errorf("%d lists opened, %d closed", opened, closed)
	}
}
