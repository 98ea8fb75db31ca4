package wire

import "unicode/utf8"

// A Status is the condition of a response (RFC 9051 section 7.1).
type Status string

// The conditions.
const (
	OK      Status = "OK"
	NO      Status = "NO"
	BAD     Status = "BAD"
	BYE     Status = "BYE"
	PREAUTH Status = "PREAUTH"
)

// Tagged appends a tagged response with its CRLF. code is a response code
// without its brackets, or "". A command whose tag could not be read is
// answered untagged.
func (e *Encoder) Tagged(tag string, status Status, code, text string) *Encoder {
	if tag == "" {
		return e.Untagged(status, code, text)
	}
	return e.Raw(tag).condition(status, code, text)
}

// Untagged appends an untagged response with its CRLF, such as
// "* BYE [UNAVAILABLE] text".
func (e *Encoder) Untagged(status Status, code, text string) *Encoder {
	return e.Byte('*').condition(status, code, text)
}

func (e *Encoder) condition(status Status, code, text string) *Encoder {
	e.SP().Raw(string(status)).SP()
	if code != "" {
		e.Byte('[')
		for i := range len(code) {
			// A code holds no "]" (RFC 9051 section 9, resp-text-code).
			if c := code[i]; c == ']' {
				e.Byte('?')
			} else {
				e.textByte(c)
			}
		}
		e.Raw("] ")
	}
	return e.Text(text).CRLF()
}

// Continue appends a continuation request with text.
func (e *Encoder) Continue(text string) *Encoder { return e.Raw("+ ").Text(text).CRLF() }

// ContinueBase64 appends a continuation request with a challenge of AUTHENTICATE.
func (e *Encoder) ContinueBase64(challenge []byte) *Encoder {
	return e.Raw("+ ").Base64(challenge).CRLF()
}

// Star appends the beginning of an untagged response, "* ".
func (e *Encoder) Star() *Encoder { return e.Raw("* ") }

// Text appends text for people, of at least one character. It can't end the
// line: CR, LF and other control characters are written as "?", and so is what
// is not ASCII before the client has enabled UTF-8 (RFC 9051 section 9, text).
func (e *Encoder) Text(text string) *Encoder {
	if text == "" {
		return e.Byte('-')
	}
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			e.textByte(text[i])
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if e.UTF8 && (r != utf8.RuneError || n > 1) {
			e.Raw(text[i : i+n])
		} else {
			e.Byte('?')
		}
		i += n
	}
	return e
}

// textByte appends c if text may hold it as it is.
func (e *Encoder) textByte(c byte) {
	if c < 0x20 || c >= 0x7f {
		c = '?'
	}
	e.buf = append(e.buf, c)
}
