// Package mbox reads and writes mail folders in the mboxrd format (RFC 4155
// appendix A, with reversible ">From " quoting), as streams: a message of any
// size passes through a fixed buffer.
//
// Messages leave the Reader, and enter the Writer, with CRLF line ends. The
// fields Status, X-Status and X-Keywords belong to the folder, not to the
// message: the Reader takes them out and reports them as Meta, the Writer puts
// them in.
package mbox

import (
	"bytes"
	"errors"
	"strings"
	"time"
)

// MaxHeader is how much of a message the Reader searches for the fields that
// belong to the folder, in octets. A longer header passes unread.
const MaxHeader = 256 << 10

// ErrFormat is what Next returns for a file that is neither a folder nor a
// message.
var ErrFormat = errors.New("begins neither with a \"From \" line, as an mbox does, nor with a header field, as a message does")

// Meta is what a folder knows about a message beyond its bytes.
type Meta struct {
	Sender   string    // envelope sender of the "From " line, may be empty
	Date     time.Time // of the "From " line, zero if it has none
	Seen     bool      // Status R
	Old      bool      // Status O: it was there when the folder was last closed
	Answered bool      // X-Status A
	Flagged  bool      // X-Status F
	Deleted  bool      // X-Status D
	Draft    bool      // X-Status T
	Keywords []string  // X-Keywords
}

// fromLayouts are the dates seen in "From " lines: asctime of RFC 4155, and the
// same with a zone before or after the year, or without seconds.
var fromLayouts = [...]string{
	"Mon Jan _2 15:04:05 2006",
	"Mon Jan _2 15:04:05 2006 -0700",
	"Mon Jan _2 15:04:05 -0700 2006",
	"Mon Jan _2 15:04:05 2006 MST",
	"Mon Jan _2 15:04:05 MST 2006",
	"Mon Jan _2 15:04 2006",
}

// parseFrom reads a separator line, without its line end. Many programs don't
// quote "From " in bodies, so a line counts as separator only with a date.
func parseFrom(line []byte) (m Meta, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("From "))
	if !ok {
		return m, false
	}
	words := strings.Fields(string(rest))
	for i := range words { // the sender may hold spaces, or be missing
		if len(words)-i < 4 || !isWeekday(words[i]) {
			continue
		}
		date := strings.Join(words[i:], " ")
		for _, layout := range fromLayouts {
			if t, err := time.Parse(layout, date); err == nil {
				sender := strings.Join(words[:i], " ")
				if sender == "-" || sender == "MAILER-DAEMON" {
					sender = ""
				}
				return Meta{Sender: sender, Date: t.UTC()}, true
			}
		}
	}
	return m, false
}

// isField tells whether a line can begin a message (RFC 5322 section 2.2).
func isField(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return ok && len(name) > 0
}

func isWeekday(s string) bool {
	switch s {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

// take reads a header field that belongs to the folder into m and tells whether
// it is one.
func (m *Meta) take(field []byte) bool {
	name, value, ok := bytes.Cut(field, []byte(":"))
	if !ok {
		return false
	}
	switch string(bytes.ToLower(bytes.TrimRight(name, " \t"))) {
	case "status":
		m.Seen = bytes.ContainsRune(value, 'R')
		m.Old = bytes.ContainsRune(value, 'O')
	case "x-status":
		m.Answered = bytes.ContainsRune(value, 'A')
		m.Flagged = bytes.ContainsRune(value, 'F')
		m.Deleted = bytes.ContainsRune(value, 'D')
		m.Draft = bytes.ContainsRune(value, 'T')
	case "x-keywords":
		m.Keywords = strings.FieldsFunc(string(value), func(r rune) bool { return r == ' ' || r == ',' || r < ' ' })
	default:
		return false
	}
	return true
}

// quoted tells whether line is a "From " line behind any number of '>'.
func quoted(line []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From "))
}
