package wire

import "encoding/base64"

// Base64 reads base64, as in the initial response of AUTHENTICATE. "=" alone
// stands for nothing (RFC 4959 section 3).
func (d *Decoder) Base64() []byte {
	at := d.offset()
	text := d.span(base64Char)
	if len(text) == 0 {
		d.Expected("base64")
		return nil
	}
	return d.base64(text, at)
}

func (d *Decoder) base64(text []byte, at int64) []byte {
	if len(text) == 1 && text[0] == '=' {
		return []byte{}
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(out, text)
	if err != nil {
		d.fail(&Error{Kind: Syntax, Octet: at, Text: "malformed base64"})
		return nil
	}
	return out[:n]
}

// Line reads a line that is no command: what a client sends after "+" in IDLE.
// Like Next it passes over the current command first, and it reports false if
// there is no line or if it is too long.
func (d *Decoder) Line() (line string, ok bool) {
	if !d.Next() || !d.ready() {
		return "", false
	}
	line = d.Rest()
	d.CRLF()
	return line, d.err == nil
}

// Base64Line reads a line of AUTHENTICATE after "+": base64, which may be
// empty, or "*" with which the client gives up, for which cancelled is true.
func (d *Decoder) Base64Line() (response []byte, cancelled, ok bool) {
	if !d.Next() {
		return nil, false, false
	}
	if d.Try('*') {
		d.CRLF()
		return nil, true, d.err == nil
	}
	response = []byte{}
	if text := d.span(base64Char); len(text) > 0 {
		response = d.base64(text, 1)
	}
	d.CRLF()
	return response, false, d.err == nil
}
