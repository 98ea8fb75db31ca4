package mbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

// A Writer writes messages to a folder.
type Writer struct {
	bw *bufio.Writer
}

// NewWriter returns a Writer to w. Flush must be called at the end.
func NewWriter(w io.Writer) *Writer {
	return &Writer{bw: bufio.NewWriterSize(w, 64<<10)}
}

// Flush writes out what is buffered.
func (w *Writer) Flush() error { return w.bw.Flush() }

// Write writes one message. CRLF becomes LF, lines that look like separators
// are quoted, fields of msg that belong to the folder are replaced by those of
// meta. A last line without a line end gets one.
func (w *Writer) Write(meta Meta, msg io.Reader) error {
	w.separator(meta)
	br := bufio.NewReaderSize(msg, 64<<10)
	inHeader, whole, taken := true, true, false
	last := byte('\n')
	for {
		line, err := br.ReadSlice('\n')
		if len(line) > 0 {
			text := trimEOL(line)
			var scratch Meta
			switch {
			case inHeader && whole && len(text) == 0:
				inHeader = false
				w.status(meta)
			case inHeader && whole && (line[0] == ' ' || line[0] == '\t'):
				// goes on with the field before it
			case inHeader && whole:
				taken = scratch.take(text)
			}
			if !inHeader || !taken {
				if whole && quoted(text) {
					w.bw.WriteByte('>')
				}
				w.line(line)
				last = line[len(line)-1]
			}
			whole = line[len(line)-1] == '\n'
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	if last != '\n' {
		w.bw.WriteByte('\n')
	}
	if inHeader { // a message without a body
		w.status(meta)
	}
	// bufio.Writer keeps its first error.
	_, err := w.bw.WriteString("\n")
	return err
}

// line writes a line, or a piece of one, with LF where it had CRLF. A CR at the
// end of a piece whose LF is still to come stays: the Reader takes CRLF too.
func (w *Writer) line(line []byte) {
	if n := len(line); n >= 2 && line[n-1] == '\n' && line[n-2] == '\r' {
		w.bw.Write(line[:n-2])
		w.bw.WriteByte('\n')
		return
	}
	w.bw.Write(line)
}

func (w *Writer) separator(meta Meta) {
	sender := strings.Join(strings.Fields(meta.Sender), "_")
	if sender == "" {
		sender = "MAILER-DAEMON"
	}
	date := meta.Date
	if date.IsZero() {
		date = time.Unix(0, 0)
	}
	w.bw.WriteString("From ")
	w.bw.WriteString(sender)
	w.bw.WriteByte(' ')
	w.bw.WriteString(date.UTC().Format(fromLayouts[0]))
	w.bw.WriteByte('\n')
}

// status writes the fields that belong to the folder.
func (w *Writer) status(meta Meta) {
	w.letters("Status: ", []mark{{meta.Seen, 'R'}, {meta.Old, 'O'}})
	w.letters("X-Status: ", []mark{{meta.Answered, 'A'}, {meta.Flagged, 'F'}, {meta.Deleted, 'D'}, {meta.Draft, 'T'}})
	if len(meta.Keywords) > 0 {
		w.bw.WriteString("X-Keywords: ")
		w.bw.WriteString(strings.Join(meta.Keywords, " "))
		w.bw.WriteByte('\n')
	}
}

type mark struct {
	set    bool
	letter byte
}

func (w *Writer) letters(name string, marks []mark) {
	var set bytes.Buffer
	for _, m := range marks {
		if m.set {
			set.WriteByte(m.letter)
		}
	}
	if set.Len() > 0 {
		w.bw.WriteString(name)
		w.bw.Write(set.Bytes())
		w.bw.WriteByte('\n')
	}
}
