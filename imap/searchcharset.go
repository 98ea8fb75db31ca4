package imap

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"poststube/message"
)

// A searchCharset is in what the strings of a SEARCH are written (RFC 9051
// section 6.4.4). The zero value is that of a SEARCH that does not say so:
// UTF-8, which IMAP4rev2 prescribes and IMAP4rev1 allows.
type searchCharset struct {
	name    string
	known   bool // name is
	invalid bool // some string was not text in the charset
}

// badCharset is the code for charsets that the server does not know (RFC 9051
// section 7.1). It names those that clients may want; there are more.
const badCharset = "BADCHARSET (US-ASCII UTF-8 ISO-8859-1 ISO-8859-2 ISO-8859-15 WINDOWS-1252 KOI8-R " +
	"ISO-2022-JP SHIFT_JIS EUC-JP EUC-KR GB18030 BIG5)"

func findSearchCharset(name string) searchCharset {
	_, known := message.CharsetReader(name, strings.NewReader(""))
	return searchCharset{name: name, known: known}
}

// isUTF8 tells whether strings are used as they are. US-ASCII is a part of
// UTF-8.
func (c *searchCharset) isUTF8() bool {
	return c.name == "" || strings.EqualFold(c.name, "UTF-8") || strings.EqualFold(c.name, "US-ASCII")
}

// decode returns a string in UTF-8.
func (c *searchCharset) decode(text string) string {
	if c.isUTF8() || !c.known {
		c.invalid = c.invalid || !utf8.ValidString(text)
		return text
	}
	r, _ := message.CharsetReader(c.name, strings.NewReader(text))
	decoded, err := io.ReadAll(r)
	// What is not text in the charset has become U+FFFD, which matches nothing
	// that anybody looks for.
	c.invalid = c.invalid || err != nil || strings.ContainsRune(string(decoded), utf8.RuneError)
	return string(decoded)
}

// check tells why a SEARCH can't be served because of its strings.
func (c *searchCharset) check(s *session) error {
	switch {
	case c.name != "" && s.dialect.utf8:
		return bad("CHARSET can't be used after UTF8=ACCEPT was enabled, strings are UTF-8 (RFC 6855 section 3)")
	case c.name != "" && !c.known:
		return no(badCharset, "The server does not know this charset, use UTF-8")
	case c.invalid && c.name == "":
		return bad("A search string is not UTF-8, which it must be unless CHARSET says something else")
	case c.invalid:
		return bad("A search string is not text in the charset that CHARSET names")
	}
	return nil
}

// isBad tells whether a failure is answered with BAD.
func isBad(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.bad
}
