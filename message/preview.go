package message

import (
	"bytes"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
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
		return plain == nil
	})
	return plain, html
}

func previewOf(p *Part, r io.ReaderAt) string {
	text, _ := io.ReadAll(io.LimitReader(p.textReader(r), previewInput))
	if p.isHTML() {
		h := htmlText{}
		text = h.append(nil, text)
		return previewText(text, false)
	}
	if s := previewText(text, true); s != "" {
		return s
	}
	return previewText(text, false)
}

// previewText puts text on one line, up to MaxPreview characters. If plain,
// quoted lines go.
func previewText(text []byte, plain bool) string {
	out := make([]byte, 0, MaxPreview+utf8.UTFMax)
	count := 0
	space := false
	for line := range bytes.Lines(text) {
		if plain {
			trimmed := bytes.TrimRight(line, "\r\n")
			if bytes.HasPrefix(trimmed, quoteMark) {
				continue
			}
			if string(trimmed) == "-- " && count > 0 {
				break
			}
		}
		for len(line) > 0 {
			r, n := utf8.DecodeRune(line)
			line = line[n:]
			switch {
			case r == utf8.RuneError && n == 1:
				continue // cut by the limit on what is read
			case unicode.IsSpace(r) || isInvisible(r):
				space = space || !isInvisible(r)
				continue
			case unicode.IsControl(r):
				continue
			}
			if space && count > 0 {
				if count++; count >= MaxPreview {
					return string(out)
				}
				out = append(out, ' ')
			}
			space = false
			out = utf8.AppendRune(out, r)
			if count++; count >= MaxPreview {
				return string(out)
			}
		}
		space = true
	}
	return string(out)
}

var quoteMark = []byte(">")

// isInvisible reports whether a character is of those that newsletters fill
// their previews with: soft hyphens, joiners, zero-width and combining ones.
func isInvisible(r rune) bool {
	switch r {
	case '\u00ad', '\u034f', '\u200b', '\u200c', '\u200e', '\u200f', '\u2060', '\ufeff', '\u061c':
		return true
	}
	return false
}
