package dovecotauth

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// maxLine is the longest line of a client, in octets: what Dovecot takes.
const maxLine = 8192

// errProtocol ends a connection whose client does not speak the protocol.
var errProtocol = errors.New("dovecotauth: the client breaks the protocol")

// A command is one line of a client that the server acts on.
type command struct {
	verb string // "VERSION", "AUTH", "CONT" or "CANCEL"; others are passed over
	id   uint32 // of the request

	// VERSION
	major uint32

	// AUTH
	mechanism string
	service   string     // "smtp", …; cleaned, for the log
	remote    netip.Addr // of the client's client; invalid if not told
	secured   bool       // nobody listens in between those two

	// AUTH and CONT: the response, which is not nil if there is one, even an
	// empty one; false if it is no base64.
	response []byte
	decoded  bool
}

// parseLine reads a line without its end. An error is errProtocol.
func parseLine(line string) (command, error) {
	verb, rest, _ := strings.Cut(line, "\t")
	c := command{verb: verb, decoded: true}
	first, rest, more := strings.Cut(rest, "\t")
	var ok bool
	switch verb {
	case "VERSION":
		c.major, ok = number(first)
	case "AUTH":
		c.id, ok = number(first)
		var params string
		c.mechanism, params, _ = strings.Cut(rest, "\t")
		ok = ok && c.mechanism != ""
		c.setParameters(params)
	case "CONT":
		c.id, ok = number(first)
		c.setResponse(rest)
		ok = ok && more
	case "CANCEL":
		c.id, ok = number(first)
	default:
		ok = true // CPID, SERVICE and what later versions may add
	}
	if !ok {
		return command{}, errProtocol
	}
	return c, nil
}

func number(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// setParameters reads the parameters of AUTH. Those it does not know, "nologin"
// among them, are passed over. "resp=" is the last: what follows it is the
// response up to the end of the line, so that nothing a user sends can pass for
// a parameter.
func (c *command) setParameters(params string) {
	for params != "" {
		if response, ok := strings.CutPrefix(params, "resp="); ok {
			c.setResponse(response)
			return
		}
		var p string
		p, params, _ = strings.Cut(params, "\t")
		name, value, _ := strings.Cut(p, "=")
		switch name {
		case "service":
			c.service = word(unescape(value))
		case "rip":
			// What is no address ("unknown") stays invalid.
			c.remote, _ = netip.ParseAddr(unescape(value))
		case "secured":
			c.secured = true
		}
	}
}

// setResponse decodes base64. A single "=" is the empty response of RFC 4954
// section 4, which Postfix hands through as it came.
func (c *command) setResponse(s string) {
	if s == "=" {
		s = ""
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if c.response, c.decoded = b, err == nil; b == nil {
		c.response = []byte{}
	}
}

// word returns a service name that may stand in the log.
func word(s string) string {
	if s == "" || len(s) > 16 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "sasl"
	}
	return s
}

// escapes of values, from version 1.1 of the protocol on.
var (
	unescaper = strings.NewReplacer("\x010", "\x00", "\x011", "\x01", "\x01t", "\t", "\x01r", "\r", "\x01n", "\n")
	escaper   = strings.NewReplacer("\x00", "\x010", "\x01", "\x011", "\t", "\x01t", "\r", "\x01r", "\n", "\x01n")
)

func unescape(s string) string { return unescaper.Replace(s) }

func escape(s string) string { return escaper.Replace(s) }
