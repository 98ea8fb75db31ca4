package message

import (
	"io"
	"strings"

	"golang.org/x/text/transform"
)

// KnownEncoding reports whether NewDecoder can decode a
// Content-Transfer-Encoding. IMAP answers [UNKNOWN-CTE] to BINARY for others
// (RFC 9051 section 6.4.5).
func KnownEncoding(encoding string) bool {
	return isIdentity(encoding) || encodingDecoder(encoding) != nil
}

// NewDecoder returns a reader of r with the Content-Transfer-Encoding removed.
// It never fails on what it reads: junk in base64 is passed over, "=" that is
// no escape stays. For encodings that are identities or unknown it returns r
// itself.
func NewDecoder(encoding string, r io.Reader) io.Reader {
	if t := encodingDecoder(encoding); t != nil {
		return transform.NewReader(r, t)
	}
	return r
}

// isIdentity reports whether the encoding changes nothing (RFC 2045 section
// 6.2); absent means 7bit.
func isIdentity(encoding string) bool {
	switch len(encoding) {
	case 0:
		return true
	case len("7bit"):
		return strings.EqualFold(encoding, "7bit") || strings.EqualFold(encoding, "8bit")
	case len("binary"):
		return strings.EqualFold(encoding, "binary")
	}
	return false
}

func encodingDecoder(encoding string) transform.Transformer {
	switch strings.ToLower(encoding) {
	case "base64":
		return &base64Decoder{}
	case "quoted-printable":
		return quotedPrintableDecoder{}
	case "x-uuencode", "x-uue", "uuencode", "uue":
		return &uuDecoder{}
	}
	return nil
}
