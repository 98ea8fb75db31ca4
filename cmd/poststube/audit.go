package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"poststube/admin"
)

func (a *app) audit() *cobra.Command {
	var as string
	var since time.Duration
	var limit int
	c := a.command(spec{
		use:   "audit MAILBOX",
		short: text{"who did what in a mailbox, from where, and when", "wer was in einem Postfach getan hat, von wo und wann"},
		long: text{
			"List what was done to a mailbox and its messages, oldest first; at OWNER: or group:NAME what was done to mailboxes and rights. What people mark for themselves is not in it.",
			"Listet auf, was mit einem Postfach und seinen Nachrichten getan wurde, das Älteste zuerst; bei EIGNER: oder group:NAME, was mit Postfächern und Rechten getan wurde. Was Leute für sich markieren, steht nicht darin.",
		},
		example:  "audit group:sales/Inbox\naudit group:sales --since 24h -f json\n",
		args:     cobra.ExactArgs(1),
		complete: first(places),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withPlace(cmd, args[0], as, func(s admin.Service, at admin.Place) error {
				q := admin.AuditQuestion{Place: at, Max: limit}
				if since > 0 {
					q.Since = time.Now().Add(-since)
				}
				list, err := s.Audit(cmd.Context(), q)
				if err != nil {
					return err
				}
				return a.output(list, func(w io.Writer) { a.showAudit(w, list) })
			})
		},
	})
	a.actingFlag(c, &as)
	c.Flags().DurationVar(&since, "since", 0, a.t(text{"only what is not older than this `time`, such as 24h", "nur, was nicht älter ist als diese `Zeit`, etwa 24h"}))
	c.Flags().IntVar(&limit, "max", 1000, a.t(text{"at most this `number`, the newest", "höchstens so `viele`, die neuesten"}))
	return c
}

func (a *app) showAudit(w io.Writer, list []admin.AuditRecord) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, a.t(text{"TIME\tWHO\tACTION\tUIDS\tDETAIL\tFROM", "ZEIT\tWER\tWAS\tUIDS\tNÄHERES\tVON"}))
	for _, r := range list {
		who := r.Who
		if who == "" {
			who = "-"
		}
		detail := strings.TrimSpace(r.Other + " " + r.Detail)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Time.Local().Format(time.DateTime), who, r.Action, r.Messages, detail, r.Origin)
	}
	t.Flush()
}
