package directory

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A clientFirst is the client-first-message of RFC 5802 section 7.
type clientFirst struct {
	gs2     string // the header with its two commas, as it must come back in "c="
	flag    byte   // 'n', 'y' or 'p'
	binding string // the cb-name after "p="
	authzid string
	name    string
	nonce   string
	bare    string // client-first-message-bare
}

func parseClientFirst(b []byte) (m clientFirst, err error) {
	if len(b) > maxResponse || !utf8.Valid(b) || strings.IndexByte(string(b), 0) >= 0 {
		return m, scramSyntax("the first message is too long or not UTF-8")
	}
	s := string(b)
	flag, rest, ok := strings.Cut(s, ",")
	switch {
	case !ok:
		return m, scramSyntax("the GS2 header is cut")
	case flag == "n" || flag == "y":
		m.flag = flag[0]
	case strings.HasPrefix(flag, "p=") && isBindingName(flag[2:]):
		m.flag, m.binding = 'p', flag[2:]
	default:
		return m, scramSyntax("unknown channel binding flag")
	}
	authzid, bare, ok := strings.Cut(rest, ",")
	if !ok {
		return m, scramSyntax("the GS2 header is cut")
	}
	if authzid != "" {
		if m.authzid, err = saslName(authzid, "a="); err != nil {
			return m, err
		}
	}
	m.gs2, m.bare = s[:len(s)-len(bare)], bare
	if strings.HasPrefix(bare, "m=") {
		return m, scramSyntax("mandatory extensions are not supported")
	}
	name, rest, ok := strings.Cut(bare, ",")
	if !ok {
		return m, scramSyntax("the nonce is missing")
	}
	if m.name, err = saslName(name, "n="); err != nil {
		return m, err
	}
	nonce, extensions, _ := strings.Cut(rest, ",")
	if m.nonce, ok = strings.CutPrefix(nonce, "r="); !ok || !isNonce(m.nonce) {
		return m, scramSyntax("the nonce is missing or not printable")
	}
	return m, checkExtensions(extensions)
}

// A clientFinal is the client-final-message of RFC 5802 section 7.
type clientFinal struct {
	binding      []byte // decoded "c="
	nonce        string
	proof        []byte
	withoutProof string
}

func parseClientFinal(b []byte) (m clientFinal, err error) {
	if len(b) > maxResponse || !utf8.Valid(b) {
		return m, scramSyntax("the final message is too long or not UTF-8")
	}
	s := string(b)
	i := strings.LastIndex(s, ",p=") // base64 holds no comma
	if i < 0 {
		return m, scramSyntax("the proof is missing")
	}
	m.withoutProof = s[:i]
	if m.proof, err = base64.StdEncoding.Strict().DecodeString(s[i+len(",p="):]); err != nil {
		return m, scramSyntax("the proof is not base64")
	}
	binding, rest, ok := strings.Cut(m.withoutProof, ",")
	if binding, ok2 := strings.CutPrefix(binding, "c="); ok && ok2 {
		m.binding, err = base64.StdEncoding.Strict().DecodeString(binding)
	}
	if m.binding == nil || err != nil {
		return m, scramSyntax("the channel binding is missing or not base64")
	}
	nonce, extensions, _ := strings.Cut(rest, ",")
	if m.nonce, ok = strings.CutPrefix(nonce, "r="); !ok {
		return m, scramSyntax("the nonce is missing")
	}
	return m, checkExtensions(extensions)
}

// saslName reads a saslname after its attribute: "=2C" is a comma and "=3D" an
// equals sign, no other "=" may stand in it.
func saslName(s, attribute string) (string, error) {
	s, ok := strings.CutPrefix(s, attribute)
	if !ok || s == "" {
		return "", scramSyntax("the name is missing")
	}
	if strings.IndexByte(s, '=') < 0 {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '=':
			b.WriteByte(s[i])
		case strings.HasPrefix(s[i:], "=2C"):
			b.WriteByte(',')
			i += 2
		case strings.HasPrefix(s[i:], "=3D"):
			b.WriteByte('=')
			i += 2
		default:
			return "", scramSyntax("'=' in a name that is neither =2C nor =3D")
		}
	}
	return b.String(), nil
}

// checkExtensions looks over optional attributes, which are ignored. "m" would
// be mandatory (section 5.1).
func checkExtensions(s string) error {
	for s != "" {
		var attribute string
		attribute, s, _ = strings.Cut(s, ",")
		if len(attribute) < 3 || attribute[1] != '=' || !isAlpha(attribute[0]) {
			return scramSyntax("malformed extension")
		}
		if attribute[0] == 'm' {
			return scramSyntax("mandatory extensions are not supported")
		}
	}
	return nil
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isNonce(s string) bool { return s != "" && printable(s) } // it was cut at a comma

func isBindingName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlpha(c) && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return s != ""
}

func scramSyntax(what string) error { return fmt.Errorf("%w: SCRAM: %s", ErrSyntax, what) }
