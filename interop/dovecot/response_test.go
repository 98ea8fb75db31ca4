package dovecot

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A token is an IMAP value: a list, or else a string, number, atom or NIL. How
// a string was written, quoted or literal, makes no difference.
type token struct {
	list  []token
	text  string
	isNil bool
	leaf  bool
}

func (t token) String() string {
	switch {
	case t.isNil:
		return "NIL"
	case t.leaf:
		return strconv.Quote(t.text)
	}
	var b bytes.Buffer
	b.WriteByte('(')
	for i, e := range t.list {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(e.String())
	}
	b.WriteByte(')')
	return b.String()
}

// equal compares values. Media types, encodings and charset names have no case
// (RFC 2045 sections 5.1 and 6.1), and Dovecot writes some of them in lower
// case where we leave them as they are in the message.
func (t token) equal(o token) bool {
	if t.leaf || o.leaf {
		if t.text == o.text {
			return t.leaf == o.leaf && t.isNil == o.isNil
		}
		switch strings.ToLower(t.text) {
		case "us-ascii", "charset", "text", "plain", "7bit", "message", "rfc822":
			return strings.EqualFold(t.text, o.text)
		}
		return false
	}
	return slices.EqualFunc(t.list, o.list, token.equal)
}

// parseTokens reads the values in a response, separated by spaces or not.
func parseTokens(b []byte) ([]token, error) {
	p := tokenParser{b: b}
	list, err := p.values(false)
	if err == nil && len(p.b) > 0 {
		err = fmt.Errorf("%q left over", p.b)
	}
	return list, err
}

type tokenParser struct{ b []byte }

func (p *tokenParser) values(inList bool) ([]token, error) {
	list := []token{}
	for {
		p.b = bytes.TrimLeft(p.b, " ")
		switch {
		case len(p.b) == 0:
			if inList {
				return nil, fmt.Errorf("list is not closed")
			}
			return list, nil
		case p.b[0] == ')':
			if !inList {
				return nil, fmt.Errorf("unexpected ) before %q", p.b)
			}
			p.b = p.b[1:]
			return list, nil
		}
		t, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
}

func (p *tokenParser) value() (token, error) {
	if bytes.HasPrefix(p.b, []byte("~{")) {
		p.b = p.b[1:]
	}
	switch p.b[0] {
	case '(':
		p.b = p.b[1:]
		list, err := p.values(true)
		return token{list: list}, err
	case '"':
		return p.quoted()
	case '{':
		end := bytes.Index(p.b, []byte("}\r\n"))
		if end < 0 {
			return token{}, fmt.Errorf("bad literal %q", p.b)
		}
		n, err := strconv.Atoi(string(p.b[1:end]))
		rest := p.b[end+3:]
		if err != nil || n > len(rest) {
			return token{}, fmt.Errorf("literal of %q octets, %d are there", p.b[1:end], len(rest))
		}
		p.b = rest[n:]
		return token{leaf: true, text: string(rest[:n])}, nil
	}
	// Section names hold spaces and parentheses within brackets.
	n, brackets := 0, 0
	for ; n < len(p.b); n++ {
		switch c := p.b[n]; {
		case c == '[':
			brackets++
		case c == ']':
			brackets--
		case brackets == 0 && (c == ' ' || c == '(' || c == ')'):
			goto done
		}
	}
done:
	atom := string(p.b[:n])
	p.b = p.b[n:]
	if n == 0 {
		return token{}, fmt.Errorf("no value at %q", p.b)
	}
	return token{leaf: true, text: atom, isNil: atom == "NIL"}, nil
}

func (p *tokenParser) quoted() (token, error) {
	var s []byte
	for i := 1; i < len(p.b); i++ {
		switch c := p.b[i]; {
		case c == '\\' && i+1 < len(p.b):
			i++
			s = append(s, p.b[i])
		case c == '"':
			p.b = p.b[i+1:]
			return token{leaf: true, text: string(s)}, nil
		case c == '\r' || c == '\n' || c == 0 || c >= 0x80:
			return token{}, fmt.Errorf("octet %#x in quoted string", c)
		default:
			s = append(s, c)
		}
	}
	return token{}, fmt.Errorf("quoted string is not closed")
}
