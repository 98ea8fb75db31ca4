package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"poststube/admin"
)

// A profile is all that there is to know of a person or group at a glance.
type profile struct {
	Name      string          `json:"name"`
	NoLogin   bool            `json:"no_login,omitempty"` // of a person
	Groups    []string        `json:"groups,omitempty"`   // of a person
	Members   []string        `json:"members,omitempty"`  // of a group
	People    []string        `json:"people,omitempty"`   // of a group
	Addresses []string        `json:"addresses"`
	Mailboxes int             `json:"mailboxes"`
	Unseen    uint32          `json:"unseen"`
	Quota     admin.Quota     `json:"quota"`
	Sessions  []admin.Session `json:"sessions,omitempty"`
}

// profileOf collects what a person and a group have in common.
func profileOf(ctx context.Context, s admin.Service, name string) (p profile, err error) {
	p.Name = name
	if p.Addresses, err = s.Addresses(ctx, name); err != nil {
		return p, err
	}
	boxes, err := s.Mailboxes(ctx, name)
	if err != nil {
		return p, err
	}
	p.Mailboxes = len(boxes)
	for _, b := range boxes {
		p.Unseen += b.Unseen
	}
	p.Quota, err = s.Quota(ctx, name)
	return p, err
}

func (a *app) userShow() *cobra.Command {
	return a.command(spec{
		use:   "show NAME",
		short: text{"all about one person", "alles über eine Person"},
		long: text{
			"Show a person: addresses, groups, mailboxes, how much of the quota is used, and the sessions that are open.",
			"Zeigt eine Person: Adressen, Gruppen, Postfächer, wie viel von der Grenze belegt ist, und offene Sitzungen.",
		},
		example:  "user show anna\nuser show anna -f json\n",
		args:     cobra.ExactArgs(1),
		complete: first(people),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				u, err := s.User(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				p, err := profileOf(cmd.Context(), s, u.Name)
				if err != nil {
					return err
				}
				all, err := s.Who(cmd.Context())
				if err != nil {
					return err
				}
				for _, session := range all {
					if session.User == u.Name {
						p.Sessions = append(p.Sessions, session)
					}
				}
				p.NoLogin, p.Groups = u.NoLogin, u.Groups
				return a.output(p, func(w io.Writer) { a.showPerson(w, p) })
			})
		},
	})
}

func (a *app) showPerson(w io.Writer, p profile) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	a.row(t, text{"name", "Name"}, p.Name)
	if p.NoLogin {
		a.row(t, text{"login", "Anmeldung"}, a.t(text{"not possible: there is no password", "nicht möglich: es gibt kein Passwort"}))
	}
	a.row(t, text{"groups", "Gruppen"}, strings.Join(p.Groups, " "))
	a.showProfile(t, p)
	for _, s := range p.Sessions {
		a.row(t, text{"session", "Sitzung"}, strings.TrimSpace(strings.Join([]string{s.ID, s.Since.Local().Format(time.DateTime), clientText(s.Client)}, "  ")))
	}
	t.Flush()
}

// showProfile writes what a person and a group have in common.
func (a *app) showProfile(t io.Writer, p profile) {
	a.row(t, text{"addresses", "Adressen"}, strings.Join(p.Addresses, " "))
	a.row(t, text{"mailboxes", "Postfächer"}, fmt.Sprintf(a.t(text{"%d, %d messages, %d of them unseen", "%d, %d Nachrichten, %d davon ungelesen"}), p.Mailboxes, p.Quota.MessagesUsed, p.Unseen))
	used := octets(p.Quota.BytesUsed)
	if p.Quota.Bytes > 0 {
		used = fmt.Sprintf(a.t(text{"%s of %s", "%s von %s"}), used, octets(p.Quota.Bytes))
	}
	a.row(t, text{"size", "Größe"}, used)
}

// row writes one line of a description; without a value it is left out.
func (a *app) row(w io.Writer, label text, value string) {
	if value != "" {
		fmt.Fprintf(w, "%s\t%s\n", a.t(label), value)
	}
}
