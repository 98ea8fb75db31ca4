package main

import (
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) aclPolicy() *cobra.Command {
	var as string
	c := a.command(spec{
		use:   `policy MAILBOX [FLAG… | none | inherit]`,
		short: text{"which flags everyone has for himself", "welche Kennzeichen jeder für sich hat"},
		long: text{
			`Show or set which flags are everyone's own in a mailbox and beneath it: \Seen (the default), \Flagged, \Answered, \Draft, $keywords for all keywords; none makes all shared, inherit takes what holds above.`,
			`Zeigt oder setzt, welche Kennzeichen in einem Postfach und darunter jeder für sich hat: \Seen (so ist es sonst), \Flagged, \Answered, \Draft, $keywords für alle Schlagwörter; bei none sind alle gemeinsam, bei inherit gilt, was darüber gilt.`,
		},
		example:  "acl policy group:sales/Inbox\nacl policy group:sales '\\Seen' '\\Flagged'\nacl policy anna:Projects none\n",
		args:     cobra.MinimumNArgs(1),
		complete: first(places),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withPlace(cmd, args[0], as, func(s admin.Service, at admin.Place) error {
				flags := strings.Join(args[1:], " ")
				if flags != "" {
					change := admin.PolicyChange{Place: at, Flags: strings.TrimSuffix(flags, "inherit")}
					if err := s.SetPolicy(cmd.Context(), change); err != nil {
						return err
					}
				}
				now, err := s.Policy(cmd.Context(), at)
				if err != nil {
					return err
				}
				return a.done(admin.PolicyChange{Place: at, Flags: now}, text{"%s: everyone's own: %s", "%s: jeder für sich: %s"}, args[0], now)
			})
		},
	})
	a.actingFlag(c, &as)
	return c
}
