package message

import (
	"bytes"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// previewInput is how much text is looked at for a preview: newsletters hide
// several kilobytes of filler before they start.
const previewInput = 16 << 10

// Preview returns the start of what the message says (RFC 8970): at most
// MaxPreview characters on one line, in UTF-8, from the first text part that
// is no attachment, plain text before HTML. Quoted lines are left out unless
// there is nothing else, and so is everything behind a signature's separator.
// It is empty for a message without text. p is the message itself, r its
// octets; what cannot be read gives an empty preview.
func Preview(p *Part, r io.ReaderAt) string {
	plain, html := p.previewParts()
	for _, part := range [...]*Part{plain, html} {
		if part == nil {
			continue
		}
		if s := previewOf(part, r); s != "" {
			return s
		}
	}
	return ""
}

// previewParts finds the first plain and the first HTML text that is shown
// with the message.
func (p *Part) previewParts() (plain, html *Part) {
	p.Walk(func(part *Part) bool {
		switch {
		case len(part.Children) > 0 || !part.IsText() || strings.EqualFold(part.Disposition, "attachment"):
		case part.isHTML():
			if html == nil {
				html = part
			}
		case plain == nil && strings.EqualFold(part.Subtype, "plain"):
			plain = part
		}
		return plain == nil || html == nil
	})
	return plain, html
}

// previewOf tries with little text first: it is enough for most messages.
func previewOf(p *Part, r io.ReaderAt) string {
	for _, n := range [...]int64{2 << 10, previewInput} {
		n = min(n, p.Size())
		body := make([]byte, n)
		if got, err := r.ReadAt(body, p.BodyStart); int64(got) < n && err != nil {
			return ""
		}
		text := p.decodeText(body)
		s, full := previewText(text, !p.isHTML())
		if s == "" && n == min(previewInput, p.Size()) {
			s, full = previewText(text, false) // quoted text is better than none
		}
		if full || n == p.Size() || n == previewInput {
			return s
		}
	}
	return ""
}

// decodeText turns the start of the part's body into UTF-8 text.
func (p *Part) decodeText(body []byte) []byte {
	if t := encodingDecoder(p.Encoding); t != nil {
		decoded, _, err := transform.Append(t, make([]byte, 0, len(body)), body)
		if err != nil {
			return nil
		}
		body = decoded
	}
	text := decodeCharset(make([]byte, 0, len(body)), p.Charset(), body)
	if p.isHTML() {
		h := htmlText{}
		text = h.append(make([]byte, 0, len(text)), text)
	}
	return text
}

// previewText puts text on one line, up to MaxPreview characters; full says
// that it has as many. If plain, quoted lines and signatures go.
func previewText(text []byte, plain bool) (preview string, full bool) {
	out := make([]byte, 0, MaxPreview+utf8.UTFMax)
	count := 0
	space := false
	for line := range bytes.Lines(text) {
		if plain && line[0] == '>' {
			continue
		}
		if plain && count > 0 && isSignature(line) {
			break
		}
		for len(line) > 0 {
			r, n := rune(line[0]), 1
			if r >= utf8.RuneSelf {
				r, n = utf8.DecodeRune(line)
			}
			line = line[n:]
			switch {
			case r > ' ' && r < 0x7f:
			case unicode.IsSpace(r):
				space = true
				continue
			case r == utf8.RuneError && n == 1, unicode.IsControl(r), isInvisible(r):
				continue
			}
			if space && count > 0 {
				if count == MaxPreview-1 {
					return string(out), true
				}
				out = append(out, ' ')
				count++
			}
			space = false
			out = utf8.AppendRune(out, r)
			if count++; count == MaxPreview {
				return string(out), true
			}
		}
		space = true
	}
	return string(out), false
}

// isSignature reports whether a line is the separator before a signature (RFC
// 3676 section 4.3).
func isSignature(line []byte) bool {
	return string(bytes.TrimRight(line, "\r\n")) == "-- "
}

// isInvisible reports whether a character is of those that newsletters fill
// their previews with: soft hyphens, joiners, zero-width and combining ones.
func isInvisible(r rune) bool {
	switch r {
	case '\u00ad', '\u034f', '\u200b', '\u200c', '\u200e', '\u200f', '\u2060', '\ufeff', '\u061c':
		return true
	}
	return false
}
