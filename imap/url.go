package imap

import (
	"bufio"
	"bytes"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"

	"poststube/imap/wire"
	"poststube/mail"
)

// urlPartial is the part of RFC 5550 section 3 by which a URL names a range of
// octets.
func urlPartial() extension {
	return extension{name: "URL-PARTIAL", rfc: "RFC 5550", capabilities: always("URL-PARTIAL")}
}

// A messageURL is a relative IMAP URL of a message or a part of one (RFC 5092
// section 7, RFC 4469 section 3), such as
//
//	/Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.2/;PARTIAL=0.1024
//
// or, in the selected mailbox, ;UID=20.
type messageURL struct {
	mailbox     string // "" for the selected one
	uidValidity uint32 // 0 if it is not named
	uid         uint32
	section     wire.Section
	window      window
}

// parseURL reads a URL. URLs of other servers or of other users have no meaning
// here.
func parseURL(text string) (u messageURL, ok bool) {
	path, rest, found := cutFold(text, ";UID=")
	if !found {
		return u, false
	}
	if path != "" && !u.parsePath(path) {
		return u, false
	}
	rest, partial, hasPartial := cutFold(rest, "/;PARTIAL=")
	rest, section, hasSection := cutFold(rest, "/;SECTION=")
	if u.uid, ok = nzNumber(rest); !ok {
		return u, false
	}
	if hasSection {
		if section, err := url.PathUnescape(section); err != nil || !u.parseSection(section) {
			return u, false
		}
	}
	if hasPartial {
		return u, u.parsePartial(partial)
	}
	return u, true
}

// parsePath reads what stands before ";UID=": the mailbox and its UIDVALIDITY.
func (u *messageURL) parsePath(path string) bool {
	path, ok := strings.CutSuffix(path, "/")
	if !ok || strings.HasPrefix(path, "//") || strings.Contains(path, "://") {
		return false
	}
	path, validity, hasValidity := cutFold(strings.TrimPrefix(path, "/"), ";UIDVALIDITY=")
	if hasValidity {
		if u.uidValidity, ok = nzNumber(validity); !ok {
			return false
		}
	}
	name, err := url.PathUnescape(path)
	u.mailbox = name
	return err == nil && name != "" && !strings.Contains(path, ";")
}

// parseSection reads section-spec.
func (u *messageURL) parseSection(text string) bool {
	if strings.ContainsAny(text, "\r\n") {
		return false
	}
	d := wire.NewDecoder(bufio.NewReader(strings.NewReader("["+text+"]\r\n")), wire.LimitsBeforeLogin())
	if !d.Next() {
		return false
	}
	u.section = d.Section()
	d.CRLF()
	return d.Err() == nil
}

// parsePartial reads "offset" or "offset.count", in octets.
func (u *messageURL) parsePartial(text string) bool {
	offset, count, hasCount := strings.Cut(text, ".")
	var err error
	if u.window.offset, err = strconv.ParseInt(offset, 10, 64); err != nil || u.window.offset < 0 || !isDigits(offset) {
		return false
	}
	u.window.count = math.MaxInt64
	if hasCount {
		u.window.count, err = strconv.ParseInt(count, 10, 64)
	}
	return err == nil && u.window.count > 0 && (!hasCount || isDigits(count))
}

func nzNumber(text string) (uint32, bool) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err == nil && n > 0 && isDigits(text)
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// cutFold is strings.Cut without regard to the case of ASCII letters.
func cutFold(text, sep string) (before, after string, found bool) {
	for i := 0; i+len(sep) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(sep)], sep) {
			return text[:i], text[i+len(sep):], true
		}
	}
	return text, "", false
}

// urlMailbox opens the mailbox that a URL names.
func (s *session) urlMailbox(u messageURL) (*mail.Mailbox, error) {
	if u.mailbox == "" {
		if s.box == nil {
			return nil, no("", "No mailbox is selected")
		}
		return s.box.mailbox, nil
	}
	box, err := s.user.Open(s.ctx, u.mailbox)
	if err != nil || u.uidValidity == 0 {
		return box, err
	}
	st, err := s.user.Status(s.ctx, u.mailbox, 0)
	if err == nil && st.UIDValidity != u.uidValidity {
		err = no("", "UIDs are others now")
	}
	return box, err
}

// openURL returns a reader of what FETCH would answer for the part of the message
// (RFC 4469 section 3). body must be closed in the end.
func openURL(s *session, box *mail.Mailbox, u messageURL) (r io.Reader, body *mail.Body, err error) {
	if body, err = box.OpenBody(s.ctx, u.uid); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			body.Close()
		}
	}()
	m := fetched{Message: &mail.Message{UID: u.uid, Size: body.Size(), Structure: body.Structure()}, body: body}
	root, err := m.structure()
	if err != nil {
		return nil, nil, err
	}
	m.HeaderSize = root.BodyStart
	b := bodySection{path: sectionPath(u.section.Part), what: specifiers[u.section.Text], window: u.window}
	if u.section.Text == wire.HeaderFields || u.section.Text == wire.HeaderFieldsNot {
		b.names, b.not = u.section.Fields, u.section.Text == wire.HeaderFieldsNot
	}
	var v value
	if err := b.prepare(&m, &v); err != nil {
		return nil, nil, err
	}
	switch v.kind {
	case octetRange:
		return io.NewSectionReader(body, v.from, v.to-v.from), body, nil
	case madeText:
		return bytes.NewReader(v.text), body, nil
	}
	return nil, nil, &mail.Error{Kind: mail.NotFound, Text: "there is no such part"}
}
