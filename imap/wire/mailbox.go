package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Inbox is the name of the mailbox that everybody has, as Mailbox returns it.
const Inbox = "INBOX"

// Mailbox reads the name of a mailbox and returns it as UTF-8 in normalization
// form C (RFC 9051 section 5.1, RFC 6855 section 3). Before the client has
// enabled UTF-8 the name is modified UTF-7, unless it holds octets above 127:
// it is taken for UTF-8 then, in which "&-" may still stand for "&", as go-imap
// v2 writes it. INBOX in any case of its letters is Inbox. A
// name that can't be one is an error of kind Name.
func (d *Decoder) Mailbox() string {
	at := d.offset()
	name := d.mailbox(string(d.astring(astringChar, "the name of a mailbox")), at)
	if len(name) == len(Inbox) && equalFold([]byte(name), Inbox) {
		return Inbox
	}
	return name
}

// ListMailbox reads a pattern of LIST: like Mailbox, but with "*" and "%".
func (d *Decoder) ListMailbox() string {
	at := d.offset()
	return d.mailbox(string(d.astring(listChar, "a pattern for names of mailboxes")), at)
}

// Patterns reads the pattern of LIST or a list of them (RFC 5258 section 6,
// mbox-or-pat).
func (d *Decoder) Patterns() []string {
	if d.Peek() != '(' {
		return []string{d.ListMailbox()}
	}
	var patterns []string
	d.List1(func() { patterns = append(patterns, d.ListMailbox()) })
	return patterns
}

// MailboxGiven is Mailbox; it also returns the name before its normalization, which
// CREATE and RENAME tell clients of (RFC 9051 section 6.3.4).
func (d *Decoder) MailboxGiven() (name, given string) {
	at := d.offset()
	given = d.mailboxGiven(string(d.astring(astringChar, "the name of a mailbox")), at)
	if len(given) == len(Inbox) && equalFold([]byte(given), Inbox) {
		return Inbox, given
	}
	return norm.NFC.String(given), given
}

// mailbox returns the UTF-8 form of a name that was read at an octet.
func (d *Decoder) mailbox(name string, at int64) string {
	return norm.NFC.String(d.mailboxGiven(name, at))
}

// mailboxGiven is mailbox without normalization.
func (d *Decoder) mailboxGiven(name string, at int64) string {
	if d.err != nil {
		return ""
	}
	given, err := decodeMailbox(name, d.UTF8)
	if err != nil {
		d.fail(&Error{Kind: Name, Code: "CANNOT", Octet: at, Text: err.Error()})
		return ""
	}
	return given
}

// DecodeMailbox returns the UTF-8 form in normalization form C of a name as it
// is on the wire: of UTF-8 if isUTF8, else of modified UTF-7 or what Mailbox
// takes for it. The error says why it can't be a name.
func DecodeMailbox(name string, isUTF8 bool) (string, error) {
	given, err := decodeMailbox(name, isUTF8)
	return norm.NFC.String(given), err
}

// decodeMailbox is DecodeMailbox without normalization.
func decodeMailbox(name string, isUTF8 bool) (string, error) {
	ascii := true
	for i := range len(name) {
		if name[i] >= 0x80 {
			ascii = false
			break
		}
	}
	switch {
	case isUTF8:
	case !ascii:
		name = strings.ReplaceAll(name, "&-", "&")
	default:
		decoded, err := DecodeUTF7(name)
		if err != nil {
			return "", fmt.Errorf("the name of the mailbox is no modified UTF-7 (RFC 3501 section 5.1.3): %w", err)
		}
		name = decoded
	}
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("the name of the mailbox is not UTF-8")
	}
	for _, r := range name {
		// RFC 6855 section 3
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 {
			return "", fmt.Errorf("the name of the mailbox holds a control character, U+%04X", r)
		}
	}
	return name, nil
}
