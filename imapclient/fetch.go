package imapclient

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"poststube/uidset"
)

// A Listing is one message of the open mailbox.
type Listing struct {
	UID   uint32
	Gmail uint64 // X-GM-MSGID: the same for one message in several mailboxes; 0 if it has none
}

// UIDs lists the messages of the open mailbox. One more than max is an error.
func (c *Client) UIDs(exists uint32) ([]Listing, error) {
	if exists == 0 {
		return nil, nil
	}
	items := " 1:* (UID)"
	if c.caps["X-GM-EXT-1"] {
		items = " 1:* (UID X-GM-MSGID)"
	}
	list := make([]Listing, 0, min(exists, 1<<16))
	d := c.d
	err := c.run("UID FETCH", []byte(items), func(kind string, _ uint32) error {
		if kind != "FETCH" {
			return nil
		}
		var l Listing
		d.SP()
		d.List(func() {
			item := d.Label()
			d.SP()
			switch item {
			case "UID":
				l.UID = d.NZNumber()
			case "X-GM-MSGID":
				l.Gmail = uint64(d.NZNumber64())
			case "FLAGS": // a change that somebody made
				d.List(func() { d.Flag() })
			case "MODSEQ":
				d.List(func() { d.ModSeq() })
			default:
				d.Expected("an item that was asked for")
			}
		})
		// Some more may arrive while we ask.
		if l.UID != 0 {
			list = append(list, l)
		}
		if len(list) > int(exists)+100_000 {
			return errors.New("more messages than the mailbox has")
		}
		return nil
	})
	return list, err
}

// A Message is one message as it was fetched. Body is valid until the function
// that got it returns; it is nil for one that is larger than Options.MaxMessage
// or that the server does not give.
type Message struct {
	UID   uint32
	Flags []string
	Date  time.Time
	Size  int64 // octets, as they were announced
	Body  []byte
}

// Fetch reads messages of the open mailbox and calls visit for each. Those that
// are gone meanwhile are left out; ones that were not asked for end the
// connection. An error of visit ends the connection too.
func (c *Client) Fetch(uids uidset.Set, visit func(*Message) error) error {
	if uids.Empty() {
		return nil
	}
	args := append([]byte{' '}, uids.String()...)
	args = append(args, " (UID FLAGS INTERNALDATE BODY.PEEK[])"...)
	wanted := uids
	var body bytes.Buffer
	return c.run("UID FETCH", args, func(kind string, _ uint32) error {
		if kind != "FETCH" {
			return nil
		}
		var m Message
		has, err := c.message(&m, &body)
		if err != nil {
			return err
		}
		if !has {
			return nil // flags that somebody changed
		}
		if !wanted.Contains(m.UID) {
			return fmt.Errorf("a message with UID %d that nobody asked for, or that came twice", m.UID)
		}
		wanted = wanted.Subtract(uidset.Range(m.UID, m.UID))
		return visit(&m)
	})
}

// message reads the items of a FETCH; has tells whether the message itself was
// among them.
func (c *Client) message(m *Message, body *bytes.Buffer) (has bool, err error) {
	d := c.d
	d.SP()
	d.List(func() {
		if err != nil {
			return
		}
		item := d.Label()
		switch item {
		case "BODY":
			if s := d.Section(); d.Err() == nil && (len(s.Part) > 0 || s.Text != 0) {
				d.Expected("BODY[]")
			}
			d.SP()
			has = true
			err = c.body(m, body)
			return
		}
		d.SP()
		switch item {
		case "UID":
			m.UID = d.NZNumber()
		case "FLAGS":
			d.List(func() { m.Flags = append(m.Flags, d.Flag()) })
		case "INTERNALDATE":
			m.Date = d.DateTime()
		case "MODSEQ":
			d.List(func() { d.ModSeq() })
		default:
			d.Expected("an item that was asked for")
		}
	})
	if err == nil {
		err = d.Err()
	}
	if err == nil && has && m.UID == 0 {
		err = errors.New("a message without its UID")
	}
	return has, err
}

func (c *Client) body(m *Message, body *bytes.Buffer) error {
	d := c.d
	if p := d.Peek(); p != '{' && p != '~' {
		b, ok := d.NString8()
		if ok {
			m.Body, m.Size = b, int64(len(b))
		}
		return nil
	}
	l := d.Literal()
	if d.Err() != nil {
		return d.Err()
	}
	m.Size = l.Size
	l.Binary = true // a NUL is against the rules, but no reason to leave mail behind
	switch {
	case l.Size > maxDiscard:
		return fmt.Errorf("a literal of %d octets", l.Size)
	case l.Size > c.max:
		_, err := io.Copy(io.Discard, d.Accept(l))
		return err
	}
	if err := readLiteral(d.Accept(l), l.Size, body); err != nil {
		return err
	}
	m.Body = body.Bytes()
	return nil
}
