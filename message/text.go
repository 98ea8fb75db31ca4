package message

import (
	"io"
	"strings"
)

// A TextScope says which text of a message is wanted.
type TextScope uint8

const (
	// HeaderText is the decoded fields of the headers: of the message, of
	// enclosed messages and of MIME parts, a line each.
	HeaderText TextScope = 1 << iota
	// BodyText is the text of all parts of type text, and of those message
	// parts that are text too, such as delivery reports.
	BodyText
	// AllText is what the IMAP search key TEXT looks at (RFC 9051 section
	// 6.4.4).
	AllText = HeaderText | BodyText
)

// textChunk is how much text Text passes on at once.
const textChunk = 4 << 10

// Text calls yield with the text of the message in UTF-8, transfer encodings
// and charsets removed and HTML reduced to its text, in pieces of a bounded
// size that are valid only during the call, until yield returns false. Joined,
// the pieces are one text; a line end separates what comes from different
// parts or fields. Parts in unknown charsets are read as UTF-8 or
// windows-1252, parts in unknown encodings as they are. The receiver is the
// message or one of its parts, from Parse or ParseStructure, and r the whole
// message. The error is that of r.
func (p *Part) Text(r io.ReaderAt, scope TextScope, yield func(text []byte) bool) error {
	t := texter{r: r, scope: scope, yield: yield}
	p.Walk(func(part *Part) bool {
		if scope&HeaderText != 0 && !t.header(part) {
			return false
		}
		return scope&BodyText == 0 || !part.hasText() || t.body(part)
	})
	return t.err
}

// hasText reports whether the body of the part is text.
func (p *Part) hasText() bool {
	return len(p.Children) == 0 && (p.IsText() || strings.EqualFold(p.Type, "message"))
}

type texter struct {
	r     io.ReaderAt
	scope TextScope
	yield func([]byte) bool
	buf   []byte
	out   []byte
	err   error
}

// readHeader returns as much of the part's header as counts.
func (p *Part) readHeader(r io.ReaderAt) ([]byte, error) {
	header := make([]byte, min(p.BodyStart-p.HeaderStart, MaxHeader))
	n, err := r.ReadAt(header, p.HeaderStart)
	if n == len(header) {
		err = nil
	}
	return header[:n], err
}

// header passes on the fields of the part's header.
func (t *texter) header(p *Part) bool {
	var header []byte
	if header, t.err = p.readHeader(t.r); t.err != nil {
		return false
	}
	for f := range Fields(header) {
		t.out = appendLenientUTF8(t.out[:0], f.Name)
		t.out = append(t.out, ": "...)
		t.out = appendDecodedHeader(t.out, Unfold(f.Value))
		t.out = append(t.out, '\n')
		if !t.yield(t.out) {
			return false
		}
	}
	// Names that RFC 2231 encodes are found as people see them.
	for _, params := range [...][]Param{p.Params, p.DispositionParams} {
		for _, param := range params {
			if strings.HasSuffix(param.Name, "*") && !t.yield(append([]byte(DecodeParam(param)), '\n')) {
				return false
			}
		}
	}
	return true
}

// body passes on the text of the part's body.
func (t *texter) body(p *Part) bool {
	text := p.textReader(t.r)
	if t.buf == nil {
		t.buf = make([]byte, textChunk)
	}
	var h *htmlText
	if p.isHTML() {
		h = &htmlText{}
	}
	for {
		n, err := text.Read(t.buf)
		chunk := t.buf[:n]
		if h != nil {
			t.out = h.append(t.out[:0], chunk)
			if err != nil {
				t.out = h.end(t.out)
			}
			chunk = t.out
		}
		if len(chunk) > 0 && !t.yield(chunk) {
			return false
		}
		switch {
		case err == io.EOF:
			return t.yield(newline)
		case err != nil:
			t.err = err
			return false
		}
	}
}

func (p *Part) isHTML() bool { return p.Is("text", "html") || p.Is("text", "xml") }

// textReader returns a reader of the part's body in UTF-8.
func (p *Part) textReader(r io.ReaderAt) io.Reader {
	body := io.Reader(io.NewSectionReader(r, p.BodyStart, p.Size()))
	body = NewDecoder(p.Encoding, body)
	if text, ok := CharsetReader(p.Charset(), body); ok {
		return text
	}
	text, _ := CharsetReader("", body)
	return text
}
