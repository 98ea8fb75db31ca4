package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxShow() *cobra.Command {
	var owner string
	c := a.command(spec{
		use:   "show -u NAME MAILBOX",
		short: text{"all about one mailbox", "alles über ein Postfach"},
		long: text{
			"Show a mailbox of a person or a group: messages, size, what it is for, whether mail programs show it, and who may do what.",
			"Zeigt ein Postfach einer Person oder Gruppe: Nachrichten, Größe, Zweck, ob Mailprogramme es zeigen, und wer was darf.",
		},
		example:  "mailbox show -u anna INBOX\nmailbox show -u sales Inbox -f json\n",
		args:     cobra.ExactArgs(1),
		complete: first(mailboxes),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.needOwner(cmd, owner); err != nil {
				return err
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				b, err := s.Mailbox(cmd.Context(), admin.MailboxName{Owner: owner, Name: args[0]})
				if err != nil {
					return err
				}
				rights, err := s.ACL(cmd.Context(), admin.Place{Owner: owner, Path: b.Name})
				if err != nil {
					return err
				}
				v := struct {
					admin.Mailbox
					ACL []admin.ACLEntry `json:"acl"`
				}{b, rights}
				return a.output(v, func(w io.Writer) { a.showMailbox(w, b, rights) })
			})
		},
	})
	c.Aliases = []string{"status"}
	a.ownerFlag(c, &owner)
	return c
}

func (a *app) showMailbox(w io.Writer, b admin.Mailbox, rights []admin.ACLEntry) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	yes := map[bool]text{true: {"yes", "ja"}, false: {"no", "nein"}}
	a.row(t, text{"name", "Name"}, b.Name)
	a.row(t, text{"use", "Zweck"}, strings.Join(b.SpecialUse, " "))
	a.row(t, text{"messages", "Nachrichten"}, fmt.Sprintf(a.t(text{"%d, %d of them unseen", "%d, %d davon ungelesen"}), b.Messages, b.Unseen))
	a.row(t, text{"size", "Größe"}, octets(b.Size))
	a.row(t, text{"subscribed", "abonniert"}, a.t(yes[b.Subscribed]))
	a.row(t, text{"UIDVALIDITY", "UIDVALIDITY"}, fmt.Sprint(b.UIDValidity))
	a.row(t, text{"UIDNEXT", "UIDNEXT"}, fmt.Sprint(b.UIDNext))
	for _, e := range rights {
		a.row(t, text{"rights", "Rechte"}, strings.TrimSpace(e.Identifier+" "+e.Rights+" "+e.Preset))
	}
	t.Flush()
}
