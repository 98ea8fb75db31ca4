package imap

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"poststube/imap/wire"
	"poststube/mail"
)

// metadata is RFC 5464: annotations of mailboxes and of the server. METADATA
// stands for both; METADATA-SERVER would say that there are only the latter.
func metadata() extension {
	return extension{
		name:         "METADATA",
		rfc:          "RFC 5464",
		capabilities: always("METADATA"),
		commands: []command{
			{name: "GETMETADATA", states: loggedIn, read: readGetMetadata},
			{name: "SETMETADATA", states: loggedIn, read: readSetMetadata},
		},
		enables: []enableItem{{name: "METADATA", announce: "METADATA", set: func(d *dialect) { d.metadata = true }}},
	}
}

// A metadataRequest is a GETMETADATA (section 4.2).
type metadataRequest struct {
	mailbox string // "": the server
	entries []string
	depth   depth
	maxSize int64 // octets of a value; below 0: any
}

// A depth is how far below an entry others are meant too (section 4.2.2).
type depth uint8

const (
	depthZero depth = iota
	depthOne
	depthInfinity
)

// covers tells whether an entry is meant by a request for root.
func (d depth) covers(root, entry string) bool {
	rest, ok := strings.CutPrefix(entry, root)
	switch {
	case !ok:
		return false
	case rest == "":
		return true
	case rest[0] != '/' || d == depthZero:
		return false
	}
	return d == depthInfinity || !strings.Contains(rest[1:], "/")
}

// readGetMetadata reads GETMETADATA. The grammar has the options before the name
// of the mailbox, all the examples behind it; both are taken. So are several
// entries without parentheses, as in the examples of section 4.4.1.
func readGetMetadata(p *parser) run {
	r := &metadataRequest{maxSize: -1}
	p.SP()
	if p.Peek() == '(' {
		p.List1(func() { r.readOption(p) })
		p.SP()
	}
	r.mailbox = p.Mailbox()
	p.SP()
	if p.Peek() == '(' {
		p.List1(func() {
			if c := p.Peek(); c == '/' || c == '"' || c == '{' {
				r.readEntry(p)
			} else {
				r.readOption(p)
			}
		})
	} else {
		r.readEntry(p)
	}
	if len(r.entries) == 0 { // that were options
		p.SP()
		if p.Peek() == '(' {
			p.List1(func() { r.readEntry(p) })
		} else {
			r.readEntry(p)
		}
	}
	for p.TrySP() {
		r.readEntry(p)
	}
	return r.run
}

func (r *metadataRequest) readOption(p *parser) {
	switch p.Label() {
	case "MAXSIZE":
		p.SP()
		r.maxSize = int64(p.Number())
	case "DEPTH":
		p.SP()
		switch p.Label() {
		case "0":
			r.depth = depthZero
		case "1":
			r.depth = depthOne
		case "INFINITY":
			r.depth = depthInfinity
		default:
			p.Expected("0, 1 or infinity as DEPTH")
		}
	default:
		p.Expected("DEPTH or MAXSIZE (RFC 5464 section 4.2)")
	}
}

// readEntry reads an entry to look for. /shared and the like are taken: with
// DEPTH they stand for what is below.
func (r *metadataRequest) readEntry(p *parser) {
	if entry := readEntry(p, mail.CleanEntryTree); !slices.Contains(r.entries, entry) {
		r.entries = append(r.entries, entry)
	}
}

// readEntry reads the name of an annotation. One that can't be is refused with
// BAD (section 3.2).
func readEntry(p *parser, clean func(string) (string, error)) string {
	text := p.AString()
	if p.Err() != nil {
		return ""
	}
	entry, err := clean(text)
	if err != nil {
		p.Fail(&wire.Error{Kind: wire.Syntax, Text: mail.Text(err)})
	}
	return entry
}

func (r *metadataRequest) run(s *session) (answer, error) {
	all, err := s.annotations(r.mailbox, r)
	if err != nil {
		return answer{}, err
	}
	list, longest := r.choose(all)
	s.metadataLine(r.mailbox, list)
	if longest > 0 {
		return answer{code: fmt.Sprintf("METADATA LONGENTRIES %d", longest)}, nil
	}
	return answer{}, nil
}

// choose returns the annotations that were asked for, each once, and the size of
// the largest that is too long for MAXSIZE, or 0. One that is not there is NIL.
func (r *metadataRequest) choose(all []mail.MetadataEntry) (list []mail.MetadataEntry, longest int) {
	told := make(map[string]bool)
	for _, root := range r.entries {
		found := false
		for _, e := range all {
			if !r.depth.covers(root, e.Name) {
				continue
			}
			found = true
			switch {
			case told[e.Name]:
			case r.maxSize >= 0 && int64(len(e.Value)) > r.maxSize:
				longest = max(longest, len(e.Value))
			default:
				list = append(list, e)
			}
			told[e.Name] = true
		}
		if !found {
			list = append(list, mail.MetadataEntry{Name: root})
		}
	}
	return list, longest
}

// metadataLine writes a METADATA response with values (section 4.4.1). It is sent
// later, see messages: a snapshot may be held.
func (s *session) metadataLine(mailbox string, list []mail.MetadataEntry) {
	if len(list) == 0 {
		return
	}
	e := s.enc.Raw("* METADATA ").Mailbox(mailbox)
	for i := range list {
		if i == 0 {
			e.Raw(" (")
		} else {
			e.SP()
		}
		e.AString(list[i].Name).SP()
		switch v := list[i].Value; {
		case v == nil:
			e.NIL()
		case bytes.IndexByte(v, 0) >= 0:
			e.Raw("~{").Int(len(v)).Raw("}\r\n").RawBytes(v)
		default:
			e.StringBytes(v)
		}
	}
	e.Raw(")\r\n")
}

// readSetMetadata reads SETMETADATA (section 4.3).
func readSetMetadata(p *parser) run {
	mailbox := readMailboxName(p)
	p.SP()
	var entries []mail.MetadataEntry
	p.List1(func() {
		e := mail.MetadataEntry{Name: readEntry(p, mail.CleanEntry)}
		p.SP()
		if v, ok := p.NString8(); ok {
			e.Value = append([]byte{}, v...)
		}
		entries = append(entries, e)
	})
	return func(s *session) (answer, error) {
		err := s.user.SetMetadata(s.ctx, mailbox, entries)
		switch mail.KindOf(err) {
		case mail.Limit:
			err = no("METADATA TOOMANY", "%s", sentence(mail.Text(err)))
		case mail.TooBig:
			err = no(fmt.Sprintf("METADATA MAXSIZE %d", mail.MaxMetadataValue), "%s", sentence(mail.Text(err)))
		}
		return answer{}, err
	}
}
