package admin

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"poststube/mail"
)

// Sessions is the part of Service that is about who is connected. It is empty
// where no server runs.
type Sessions interface {
	// Who returns all sessions.
	Who(ctx context.Context) ([]Session, error)
	// Kick ends sessions and returns those that it has told to end; a client
	// finishes the command or the message that it is at.
	Kick(ctx context.Context, which Kick) ([]Session, error)
}

// A Session is one client's connection.
type Session struct {
	ID      string     `json:"session"` // such as "imap:17", as in the log
	User    string     `json:"user,omitempty"`
	Remote  netip.Addr `json:"remote,omitzero"` // not valid for a unix socket
	Since   time.Time  `json:"since"`
	Client  string     `json:"client,omitempty"`  // what it calls itself
	Mailbox string     `json:"mailbox,omitempty"` // as the user calls it
}

// A Kick says which sessions end: those that fit everything that is given, of
// which there must be something.
type Kick struct {
	User    string `json:"user,omitempty"`
	Address string `json:"address,omitempty"` // or a network, as 192.0.2.0/24
	Session string `json:"session,omitempty"`
}

// Online is what a running server tells of its sessions.
type Online struct {
	Sessions func() []Session
	End      func(list []Session)
}

// Who implements Service.
func (l *Local) Who(context.Context) ([]Session, error) {
	if l.Online == nil {
		return []Session{}, nil
	}
	return l.Online.Sessions(), nil
}

// Kick implements Service.
func (l *Local) Kick(ctx context.Context, which Kick) ([]Session, error) {
	if which == (Kick{}) {
		return nil, &mail.Error{Kind: mail.Invalid, Text: "say whose session ends: a user, an address or a session"}
	}
	var from netip.Prefix
	if which.Address != "" {
		var err error
		if from, err = parseNetwork(which.Address); err != nil {
			return nil, err
		}
	}
	if which.User != "" {
		p, err := l.find(ctx, which.User)
		if err != nil {
			return nil, err
		}
		which.User = p.Name
	}
	list := []Session{}
	if l.Online == nil {
		return list, nil
	}
	for _, s := range l.Online.Sessions() {
		if (which.User == "" || s.User == which.User) && (which.Session == "" || s.ID == which.Session) &&
			(which.Address == "" || from.Contains(s.Remote)) {
			list = append(list, s)
		}
	}
	l.Online.End(list)
	return list, nil
}

// parseNetwork reads an address, or a network in the form of RFC 4632.
func parseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, &mail.Error{Kind: mail.Invalid, Text: fmt.Sprintf("%q is neither an address such as 192.0.2.7 nor a network such as 192.0.2.0/24", text)}
	}
	return p.Masked(), nil
}

// Who implements Service.
func (c *Client) Who(ctx context.Context) ([]Session, error) {
	return exchange[[]Session, any](ctx, c, callWho, nil, nil)
}

// Kick implements Service.
func (c *Client) Kick(ctx context.Context, which Kick) ([]Session, error) {
	return exchange[[]Session, any](ctx, c, callKick, which, nil)
}
