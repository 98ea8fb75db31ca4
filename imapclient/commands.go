package imapclient

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"poststube/imap/wire"
)

// Login logs in, by PLAIN where the server has it (RFC 4616), else by LOGIN. With
// a master, that name and password log in to act as user.
func (c *Client) Login(user, password, master string) error {
	if strings.ContainsAny(user+password+master, "\r\n\x00") {
		return errors.New("a name or password with line ends or NUL cannot log in")
	}
	var err error
	switch {
	case c.caps["AUTH=PLAIN"]:
		err = c.plain(user, password, master)
	case c.caps["LOGINDISABLED"]:
		return errors.New("the server takes no passwords on this connection: use TLS")
	case master != "":
		return errors.New("the server has no AUTH=PLAIN, which a master user needs")
	default:
		args, _ := appendQuoted([]byte{' '}, user)
		args, _ = appendQuoted(append(args, ' '), password)
		err = c.run("LOGIN", args, ignore)
	}
	if err != nil {
		return err
	}
	return c.capability() // RFC 9051 section 6.2.2: they may be others now
}

func (c *Client) plain(user, password, master string) error {
	authz := ""
	authc := user
	if master != "" {
		authz, authc = user, master
	}
	response := base64.StdEncoding.EncodeToString([]byte(authz + "\x00" + authc + "\x00" + password))
	if c.caps["SASL-IR"] {
		return c.run("AUTHENTICATE PLAIN", append([]byte{' '}, response...), ignore)
	}
	// The server has one question, which is empty; it comes as the "tag" "+".
	c.tags++
	tag := "P" + strconv.Itoa(c.tags)
	err := c.write([]byte(tag + " AUTHENTICATE PLAIN\r\n"))
	for err == nil {
		if !c.d.Next() {
			err = c.d.Err()
			break
		}
		if c.d.Try('+') {
			if err = c.write([]byte(response + "\r\n")); err == nil {
				err = c.answers(tag, "AUTHENTICATE", ignore)
			}
			break
		}
		if c.d.Try('*') {
			err = c.untagged("AUTHENTICATE", ignore)
			continue
		}
		err = &Refused{Command: "AUTHENTICATE", Text: printable(c.d.Rest())}
	}
	var refused *Refused
	if err != nil && !errors.As(err, &refused) {
		c.broken = err
	}
	return err
}

// A Mailbox is a line of LIST.
type Mailbox struct {
	Raw        string // as the server writes it, for other commands
	Name       string // UTF-8, levels joined by "/"
	Attributes []string
	Subscribed bool
	CannotOpen bool // \Noselect or \NonExistent
}

// Has tells whether the mailbox has an attribute, in any case.
func (m *Mailbox) Has(attribute string) bool {
	for _, a := range m.Attributes {
		if strings.EqualFold(a, attribute) {
			return true
		}
	}
	return false
}

// List lists the user's own mailboxes, without those of others and shared ones
// where the server tells them apart (RFC 2342). A prefix "INBOX." of the
// personal namespace is taken off.
func (c *Client) List() ([]Mailbox, error) {
	prefix, foreign, err := c.namespaces()
	if err != nil {
		return nil, err
	}
	extended := c.caps["LIST-EXTENDED"] || c.caps["IMAP4REV2"]
	args := ` "" "*"`
	if extended {
		args += " RETURN (SUBSCRIBED"
		if c.caps["SPECIAL-USE"] || c.caps["IMAP4REV2"] {
			args += " SPECIAL-USE"
		}
		args += ")"
	}
	var list []Mailbox
	at := map[string]int{}
	collect := func(want string, found func(Mailbox)) func(string, uint32) error {
		return func(kind string, _ uint32) error {
			if kind != want {
				return nil
			}
			m, err := c.listed(prefix)
			if err == nil && !foreignName(m.Raw, foreign) {
				found(m)
			}
			if len(list) > maxMailboxes {
				err = fmt.Errorf("more than %d mailboxes", maxMailboxes)
			}
			return err
		}
	}
	err = c.run("LIST", []byte(args), collect("LIST", func(m Mailbox) {
		if _, twice := at[m.Raw]; !twice {
			at[m.Raw] = len(list)
			list = append(list, m)
		}
	}))
	if err != nil || extended {
		return list, err
	}
	err = c.run("LSUB", []byte(` "" "*"`), collect("LSUB", func(m Mailbox) {
		if i, ok := at[m.Raw]; ok && !m.Has(`\Noselect`) {
			list[i].Subscribed = true
		}
	}))
	return list, err
}

// listed reads what follows LIST or LSUB.
func (c *Client) listed(prefix string) (m Mailbox, err error) {
	d := c.d
	d.SP()
	d.List(func() { m.Attributes = append(m.Attributes, d.Flag()) })
	d.SP()
	separator, hasLevels := d.NString()
	d.SP()
	m.Raw = d.AString()
	if err := d.Err(); err != nil {
		return m, err
	}
	if strings.ContainsAny(m.Raw, "\r\n\x00") {
		return m, errors.New("the name of a mailbox has line ends")
	}
	m.Subscribed = m.Has(`\Subscribed`)
	m.CannotOpen = m.Has(`\Noselect`) || m.Has(`\NonExistent`)
	name := strings.TrimPrefix(m.Raw, prefix)
	decoded, err := wire.DecodeMailbox(name, false)
	if err != nil {
		decoded = strings.ToValidUTF8(name, "\ufffd")
	}
	if hasLevels && separator != "/" && separator != "" {
		decoded = strings.ReplaceAll(decoded, "/", "_")
		decoded = strings.ReplaceAll(decoded, separator, "/")
	}
	m.Name = decoded
	return m, nil
}

func foreignName(raw string, foreign []string) bool {
	for _, p := range foreign {
		if p != "" && strings.HasPrefix(raw, p) {
			return true
		}
	}
	return false
}

// namespaces returns the prefix of the personal namespace, and those of others.
func (c *Client) namespaces() (own string, foreign []string, err error) {
	if !c.caps["NAMESPACE"] && !c.caps["IMAP4REV2"] {
		return "", nil, nil
	}
	d := c.d
	err = c.run("NAMESPACE", nil, func(kind string, _ uint32) error {
		if kind != "NAMESPACE" {
			return nil
		}
		for i := range 3 {
			d.SP()
			if d.Peek() != '(' {
				d.NString()
				continue
			}
			first := true
			for d.Special('('); d.Peek() == '(' && d.Err() == nil; first = false {
				d.Special('(')
				prefix := d.Str()
				d.SP()
				d.NString()
				for d.TrySP() { // extensions
					d.Str()
					d.SP()
					d.List(func() { d.Str() })
				}
				d.Special(')')
				switch {
				case i > 0:
					foreign = append(foreign, prefix)
				case first:
					own = prefix
				}
			}
			d.Special(')')
		}
		return nil
	})
	var refused *Refused
	if errors.As(err, &refused) {
		err = nil
	}
	return own, foreign, err
}

// Selected is what EXAMINE tells.
type Selected struct {
	UIDValidity, UIDNext, Exists uint32
}

// Examine opens a mailbox for reading only.
func (c *Client) Examine(raw string) (s Selected, err error) {
	args, err := appendQuoted([]byte{' '}, raw)
	if err != nil {
		return s, err
	}
	err = c.run("EXAMINE", args, func(kind string, n uint32) error {
		switch kind {
		case "EXISTS":
			s.Exists = n
		case "OK":
			code, _ := splitCode(c.rest())
			name, value, _ := strings.Cut(code, " ")
			number, _ := strconv.ParseUint(value, 10, 32)
			switch strings.ToUpper(name) {
			case "UIDVALIDITY":
				s.UIDValidity = uint32(number)
			case "UIDNEXT":
				s.UIDNext = uint32(number)
			}
		}
		return nil
	})
	if err == nil && s.UIDValidity == 0 {
		err = &Refused{Command: "EXAMINE", Text: "it tells no UIDVALIDITY, without which messages cannot be told apart"}
	}
	return s, err
}

// Messages returns how many messages a mailbox has (STATUS).
func (c *Client) Messages(raw string) (messages uint32, err error) {
	args, err := appendQuoted([]byte{' '}, raw)
	if err != nil {
		return 0, err
	}
	d := c.d
	err = c.run("STATUS", append(args, " (MESSAGES)"...), func(kind string, _ uint32) error {
		if kind == "STATUS" {
			d.SP()
			d.AString()
			d.SP()
			d.List(func() {
				item := d.Label()
				d.SP()
				if n := d.Number(); item == "MESSAGES" {
					messages = n
				}
			})
		}
		return nil
	})
	return messages, err
}

// An Entry is rights of an identifier, RFC 4314.
type Entry struct{ Identifier, Rights string }

// ACL returns the entries of a mailbox.
func (c *Client) ACL(raw string) (list []Entry, err error) {
	args, err := appendQuoted([]byte{' '}, raw)
	if err != nil {
		return nil, err
	}
	d := c.d
	err = c.run("GETACL", args, func(kind string, _ uint32) error {
		if kind != "ACL" {
			return nil
		}
		d.SP()
		d.AString()
		for d.TrySP() {
			id := d.AString()
			d.SP()
			list = append(list, Entry{id, d.AString()})
			if d.Err() != nil {
				return d.Err()
			}
			if len(list) > 10_000 {
				return errors.New("more than 10000 rights on one mailbox")
			}
		}
		return nil
	})
	return list, err
}
