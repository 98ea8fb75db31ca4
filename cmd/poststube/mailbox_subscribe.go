package main

import (
	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) mailboxSubscribe() *cobra.Command {
	return a.subscription(spec{
		use:   "subscribe -u NAME MAILBOX",
		short: text{"let a person's mail programs show a mailbox", "ein Postfach in den Mailprogrammen einer Person zeigen"},
		long: text{
			"Subscribe a person to a mailbox, own or shared, under the name by which the person sees it. Own and shared mailboxes are subscribed from the start.",
			"Abonniert für eine Person ein Postfach, ein eigenes oder freigegebenes, unter dem Namen, unter dem sie es sieht. Eigene und freigegebene sind von Anfang an abonniert.",
		},
		example: "mailbox subscribe -u anna Shared/sales/Inbox\n",
	}, true, text{"%s shows %s", "%s zeigt %s"})
}

func (a *app) mailboxUnsubscribe() *cobra.Command {
	return a.subscription(spec{
		use:   "unsubscribe -u NAME MAILBOX",
		short: text{"hide a mailbox from a person's mail programs", "ein Postfach in den Mailprogrammen einer Person verbergen"},
		long: text{
			"Take a mailbox out of what a person's mail programs show. It stays where it is, and rights do not change.",
			"Nimmt ein Postfach aus dem, was die Mailprogramme einer Person zeigen. Es bleibt, wo es ist, und Rechte ändern sich nicht.",
		},
		example: "mailbox unsubscribe -u anna Shared/sales/Archive\n",
	}, false, text{"%s no longer shows %s", "%s zeigt %s nicht mehr"})
}

func (a *app) subscription(s spec, on bool, said text) *cobra.Command {
	var owner string
	s.args, s.complete = cobra.ExactArgs(1), first(mailboxes)
	s.run = func(cmd *cobra.Command, args []string) error {
		if err := a.needOwner(cmd, owner); err != nil {
			return err
		}
		change := admin.Subscription{Owner: owner, Name: args[0], On: on}
		return a.withService(cmd.Context(), false, func(s admin.Service) error {
			if err := s.Subscribe(cmd.Context(), change); err != nil {
				return err
			}
			return a.done(change, said, owner, args[0])
		})
	}
	c := a.command(s)
	a.ownerFlag(c, &owner)
	return c
}
