package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// AppendCasemap appends the sort form of s under the collation
// i;unicode-casemap (RFC 5051), which RFC 5255 section 4.2 makes the default
// of SORT and SEARCH: titlecase, then compatibility decomposition. Two strings
// compare as their forms compare octet by octet.
func AppendCasemap(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return appendCasemapUnicode(dst, s[i:])
		}
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func appendCasemapUnicode(dst []byte, s string) []byte {
	titled := make([]byte, 0, len(s))
	for _, r := range s {
		titled = utf8.AppendRune(titled, unicode.ToTitle(r))
	}
	return norm.NFKD.Append(dst, titled...)
}

// casemap makes a sort key.
func casemap(s string) string {
	if len(s) > MaxSortKey {
		s = strings.ToValidUTF8(s[:MaxSortKey], "")
	}
	return string(AppendCasemap(nil, s))
}
