package imap

import (
	"errors"
	"fmt"
	"strings"

	"poststube/mail"
)

// A failure is the answer NO or BAD of a command.
type failure struct {
	bad  bool   // BAD: the client used the protocol wrongly
	code string // response code without brackets, or ""
	text string
}

func (f *failure) Error() string { return f.text }

// no is a failure that the client could not know before.
func no(code, format string, args ...any) error {
	return &failure{code: code, text: fmt.Sprintf(format, args...)}
}

// bad is a failure that a correct client would not have caused.
func bad(format string, args ...any) error {
	return &failure{bad: true, text: fmt.Sprintf(format, args...)}
}

// codes are the response codes for what the engine may answer: those of RFC
// 5530, and TRYCREATE (RFC 9051 section 7.1), USEATTR (RFC 6154 section 6) and
// TOOBIG (RFC 4469 section 4).
var codes = map[mail.Kind]string{
	mail.Internal:    "SERVERBUG",
	mail.NotFound:    "NONEXISTENT",
	mail.Exists:      "ALREADYEXISTS",
	mail.Denied:      "NOPERM",
	mail.Invalid:     "CANNOT",
	mail.HasChildren: "HASCHILDREN",
	mail.Limit:       "LIMIT",
	mail.TooBig:      "TOOBIG",
	mail.OverQuota:   "OVERQUOTA",
	mail.Full:        "OVERQUOTA",
	mail.Unavailable: "UNAVAILABLE",
	mail.Corrupt:     "CORRUPTION",
	mail.UseAttr:     "USEATTR",
	mail.NoParent:    "TRYCREATE",
}

// asFailure turns any error of a run into the answer that the client gets. What
// is not the client's concern stays in the log, where mail has put it.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{code: codes[mail.KindOf(err)], text: sentence(mail.Text(err))}
}

// sentence starts a text with a capital.
func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
