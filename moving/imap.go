package moving

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"net"
	"slices"
	"strconv"
	"strings"

	"poststube/admin"
	"poststube/imapclient"
	"poststube/uidset"
)

// IMAPAccount says where mail lies on another server.
type IMAPAccount struct {
	Host     string // "host" or "host:port"
	User     string
	Password string
	// Master, if not empty, logs in with the password to act as User.
	Master   string
	Security imapclient.Security
	TLS      *tls.Config // nil: the system's certificates, for Host
	// MaxMessage is the size of the largest message that is fetched, in
	// octets; 0: as the client has it.
	MaxMessage int64
}

// IMAP is a source that reads an account over IMAP. It changes nothing there,
// not even \Seen.
type IMAP struct {
	account  IMAPAccount
	c        *imapclient.Client
	problems []Problem
	seen     map[uint64]bool // Gmail's numbers of messages that another folder has
}

// Address returns where to connect to: the usual port, if Host names none.
func (a *IMAPAccount) Address() string {
	if _, _, err := net.SplitHostPort(a.Host); err == nil {
		return a.Host
	}
	port := "143"
	if a.Security == imapclient.ImplicitTLS {
		port = "993"
	}
	return net.JoinHostPort(a.Host, port)
}

// OpenIMAP connects and logs in.
func OpenIMAP(ctx context.Context, a IMAPAccount) (*IMAP, error) {
	addr := a.Address()
	if a.TLS == nil && a.Security != imapclient.Plain {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		a.TLS = &tls.Config{ServerName: host}
	}
	c, err := imapclient.Dial(ctx, addr, imapclient.Options{Security: a.Security, TLS: a.TLS, MaxMessage: a.MaxMessage})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", addr, err)
	}
	if err := c.Login(a.User, a.Password, a.Master); err != nil {
		c.Close()
		return nil, fmt.Errorf("%s: %s cannot log in: %w", addr, a.User, err)
	}
	return &IMAP{account: a, c: c, seen: map[uint64]bool{}}, nil
}

// Close implements Source.
func (s *IMAP) Close() error { return s.c.Logout() }

// Problems implements Source.
func (s *IMAP) Problems() []Problem { return s.problems }

// Folders implements Source. Folders that only show what others hold, as
// \Flagged does, are left out. \All comes last: on Gmail it holds what is in no
// other folder, beside all that is; elsewhere it is left out too.
func (s *IMAP) Folders(context.Context) ([]Folder, error) {
	list, err := s.c.List()
	if err != nil {
		return nil, err
	}
	var folders, all []Folder
	for _, m := range list {
		f := Folder{Name: m.Name, Subscribed: m.Subscribed, key: m.Raw}
		switch {
		case m.CannotOpen:
			continue
		case m.Has(`\Flagged`), m.Has(`\Important`), m.Has(`\All`) && !s.c.Has("X-GM-EXT-1"):
			s.problems = append(s.problems, Problem{Folder: m.Name, Text: "left out: it shows messages of other folders"})
			continue
		}
		n, err := s.c.Messages(m.Raw)
		var refused *imapclient.Refused
		if err != nil && !errors.As(err, &refused) {
			return nil, err
		}
		f.Messages = int(n)
		for _, use := range m.Attributes {
			if i := slices.IndexFunc(specialUses, func(s string) bool { return strings.EqualFold(s, use) }); i >= 0 {
				f.SpecialUse = append(f.SpecialUse, specialUses[i])
			}
		}
		if m.Has(`\All`) {
			f.everything = true
			all = append(all, f)
			continue
		}
		folders = append(folders, f)
	}
	slices.SortStableFunc(folders, func(a, b Folder) int { return cmp.Compare(a.Name, b.Name) })
	return append(folders, all...), nil
}

// specialUses are those of RFC 6154 that a mailbox can have here.
var specialUses = []string{`\Archive`, `\Drafts`, `\Junk`, `\Sent`, `\Trash`}

// Open implements Source.
func (s *IMAP) Open(_ context.Context, f Folder) (*Contents, error) {
	selected, err := s.c.Examine(f.key)
	var refused *imapclient.Refused
	if errors.As(err, &refused) {
		return nil, &FolderError{err}
	}
	if err != nil {
		return nil, err
	}
	list, err := s.c.UIDs(selected.Exists)
	if errors.As(err, &refused) {
		return nil, &FolderError{err}
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b imapclient.Listing) int { return cmp.Compare(a.UID, b.UID) })
	list = slices.CompactFunc(list, func(a, b imapclient.Listing) bool { return a.UID == b.UID })
	c := &Contents{UIDValidity: selected.UIDValidity, UIDNext: selected.UIDNext}
	list = s.onlyHere(f, list)
	if s.c.Has("ACL") {
		entries, err := s.c.ACL(f.key)
		if err != nil && !errors.As(err, &refused) {
			return nil, err
		}
		for _, e := range entries {
			// Owners have their rights anyway.
			if !strings.EqualFold(e.Identifier, s.account.User) {
				c.ACL = append(c.ACL, Entry(e))
			}
		}
	}
	c.Messages = func(known func(string) bool, report func(Problem)) iter.Seq2[admin.Message, error] {
		return s.messages(f, selected.UIDValidity, list, known, report)
	}
	return c, nil
}

// onlyHere takes out of \All what other folders have, by Gmail's numbers. A
// message with several labels is in several folders there, and so it is here.
func (s *IMAP) onlyHere(f Folder, list []imapclient.Listing) []imapclient.Listing {
	if f.everything {
		return slices.DeleteFunc(list, func(l imapclient.Listing) bool { return s.seen[l.Gmail] })
	}
	for _, l := range list {
		if l.Gmail != 0 {
			s.seen[l.Gmail] = true
		}
	}
	return list
}

// portion is how many messages one FETCH asks for.
const portion = 200

// errStop ends a FETCH whose messages nobody wants any more.
var errStop = errors.New("moving: the import ended")

func (s *IMAP) messages(f Folder, validity uint32, list []imapclient.Listing, known func(string) bool, report func(Problem)) iter.Seq2[admin.Message, error] {
	// The name of the server is not in it: an import may go on under another.
	prefix := strings.Join([]string{"imap", s.account.User, f.key, strconv.FormatUint(uint64(validity), 10), ""}, "\x00")
	return func(yield func(admin.Message, error) bool) {
		p := &fetcher{s: s, prefix: prefix, report: report, yield: yield}
		for _, l := range list {
			if known(p.source(l.UID)) {
				continue
			}
			p.want.Add(l.UID)
			if p.n++; p.n == portion && !p.fetch() {
				return
			}
		}
		p.fetch()
	}
}

// A fetcher reads messages in portions.
type fetcher struct {
	s      *IMAP
	prefix string
	report func(Problem)
	yield  func(admin.Message, error) bool
	want   uidset.Set
	n      int // in want
}

func (p *fetcher) source(uid uint32) string { return p.prefix + strconv.FormatUint(uint64(uid), 10) }

func (p *fetcher) problem(uid uint32, text string) {
	p.report(Problem{Message: "UID " + strconv.FormatUint(uint64(uid), 10), Text: text})
}

// give yields one message.
func (p *fetcher) give(m *imapclient.Message) error {
	p.want.Remove(m.UID)
	switch {
	case m.Body == nil && m.Size > 0:
		p.problem(m.UID, fmt.Sprintf("the message has %d octets, which is too large", m.Size))
		return nil
	case len(m.Body) == 0:
		p.problem(m.UID, "the server gives nothing for the message")
		return nil
	}
	if !p.yield(admin.Message{Date: m.Date, Flags: m.Flags, UID: m.UID, Source: p.source(m.UID), Body: bytes.NewReader(m.Body)}, nil) {
		return errStop
	}
	return nil
}

// fetch reads what is wanted, and tells whether to go on. Where the server
// refuses, the rest is asked for one by one, so that a damaged message there
// costs nothing but itself.
func (p *fetcher) fetch() bool {
	err := p.s.c.Fetch(p.want.Clone(), p.give)
	var refused *imapclient.Refused
	if errors.As(err, &refused) {
		err = nil
		for _, uid := range slices.Collect(p.want.All()) {
			one := p.s.c.Fetch(uidset.Of(uid), p.give)
			if errors.As(one, &refused) {
				p.problem(uid, one.Error())
			} else if err = one; err != nil {
				break
			}
		}
	}
	p.want, p.n = uidset.Set{}, 0
	if err != nil && !errors.Is(err, errStop) {
		p.yield(admin.Message{}, err)
	}
	return err == nil
}
