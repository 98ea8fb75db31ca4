package message

import (
	"bytes"
	"html"
)

// An htmlText turns HTML into its text, piece by piece: tags, comments,
// scripts and style sheets go, character references are resolved, block
// elements become line ends. It is meant for search and previews, not for
// display, and does not care about well-formedness.
type htmlText struct {
	state   htmlState
	name    []byte // of the tag, or the character reference, being read
	closing bool   // the tag is an end tag
	equals  bool   // an attribute value may start here
	quote   byte   // the attribute value being read ends with this
	raw     string // the element whose content is dropped, such as "script"
	dashes  int    // seen in a row, within a comment
}

type htmlState uint8

const (
	htmlInText htmlState = iota
	htmlReference
	htmlTagOpen // behind "<"
	htmlTagName
	htmlTagRest // attributes
	htmlMarkup  // behind "<!"
	htmlComment
)

// htmlNameMax is longer than any element name or character reference that
// matters.
const htmlNameMax = 32

// append appends the text of the next piece of HTML.
func (h *htmlText) append(dst, src []byte) []byte {
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch h.state {
		case htmlInText:
			n := bytes.IndexAny(src[i:], "<&")
			if n < 0 {
				n = len(src) - i
			}
			if h.raw == "" {
				dst = append(dst, src[i:i+n]...)
			}
			i += n
			if i == len(src) {
				break
			}
			h.name = h.name[:0]
			switch {
			case src[i] == '<':
				h.state = htmlTagOpen
			case h.raw == "":
				h.state = htmlReference
			}
		case htmlReference:
			if isLetter(c) || isDigit(c) || c == '#' {
				if len(h.name) < htmlNameMax {
					h.name = append(h.name, c)
					continue
				}
			}
			dst = h.endReference(dst, c == ';')
			if c != ';' {
				i-- // it is text
			}
		case htmlTagOpen:
			if out := h.tagOpen(c); out {
				if h.raw == "" {
					dst = append(dst, '<')
				}
				i--
			}
		default:
			dst = h.inTag(dst, c)
		}
	}
	return dst
}

// end appends what is left at the end of the document.
func (h *htmlText) end(dst []byte) []byte {
	if h.state == htmlReference {
		dst = h.endReference(dst, false)
	}
	*h = htmlText{}
	return dst
}

func (h *htmlText) endReference(dst []byte, semicolon bool) []byte {
	h.state = htmlInText
	ref := append([]byte{'&'}, h.name...)
	if semicolon {
		ref = append(ref, ';')
	}
	return append(dst, html.UnescapeString(string(ref))...)
}

// tagOpen takes in the octet behind "<"; text is set if it starts no tag.
func (h *htmlText) tagOpen(c byte) (text bool) {
	h.name, h.closing = h.name[:0], false
	switch {
	case h.raw != "" && c != '/': // only its own end tag ends such content
		h.state = htmlInText
		return true
	case isLetter(c):
		h.state = htmlTagName
		h.name = append(h.name, lower(c))
	case c == '/':
		h.state, h.closing = htmlTagName, true
	case c == '!' || c == '?':
		h.state, h.dashes = htmlMarkup, 0
	default:
		h.state = htmlInText
		return true
	}
	return false
}

// inTag takes in an octet of a tag, comment or other markup.
func (h *htmlText) inTag(dst []byte, c byte) []byte {
	switch h.state {
	case htmlTagName:
		switch {
		case c == '>':
			return h.endTag(dst)
		case isClass(c, classFWS) || c == '/':
			h.state, h.quote, h.equals = htmlTagRest, 0, false
		case len(h.name) < htmlNameMax:
			h.name = append(h.name, lower(c))
		}
	case htmlTagRest:
		switch {
		case h.quote != 0:
			if c == h.quote {
				h.quote = 0
			}
		case c == '>':
			return h.endTag(dst)
		case h.equals && (c == '"' || c == '\''):
			h.quote, h.equals = c, false
		case !isClass(c, classFWS):
			h.equals = c == '='
		}
	case htmlMarkup:
		switch {
		case c == '>':
			h.state = htmlInText
		case c == '-' && h.dashes >= 0:
			if h.dashes++; h.dashes == 2 {
				h.state, h.dashes = htmlComment, 0
			}
		default:
			h.dashes = -1
		}
	case htmlComment:
		switch {
		case c == '-':
			h.dashes++
		case c == '>' && h.dashes >= 2:
			h.state = htmlInText
		default:
			h.dashes = 0
		}
	}
	return dst
}

// endTag acts on a tag that is complete.
func (h *htmlText) endTag(dst []byte) []byte {
	h.state = htmlInText
	if h.raw != "" {
		if h.closing && string(h.name) == h.raw {
			h.raw = ""
		}
		return dst
	}
	switch string(h.name) {
	case "script", "style", "title":
		if !h.closing {
			h.raw = string(h.name)
		}
	case "br", "p", "div", "tr", "table", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6",
		"blockquote", "hr", "pre", "body", "dt", "dd", "section", "article", "header", "footer":
		dst = append(dst, '\n')
	case "td", "th":
		dst = append(dst, ' ')
	}
	return dst
}
