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

func (a *app) who() *cobra.Command {
	return a.command(spec{
		use:   "who",
		short: text{"who is connected, from where, with what", "wer verbunden ist, von wo und womit"},
		long: text{
			"List the sessions of the running server: IMAP clients, also those that have not logged in, and mail transfer agents.",
			"Listet die Sitzungen des laufenden Servers auf: IMAP-Clients, auch ohne Anmeldung, und Mailserver, die zustellen.",
		},
		example: "who\nwho -f json\n",
		args:    cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				list, err := s.Who(cmd.Context())
				if err != nil {
					return err
				}
				return a.output(list, func(w io.Writer) { a.showSessions(w, list) })
			})
		},
	})
}

// clientText makes what a client says of itself fit to be shown: it may say
// anything.
func clientText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

func (a *app) showSessions(w io.Writer, list []admin.Session) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, a.t(text{"SESSION\tUSER\tFROM\tSINCE\tMAILBOX\tCLIENT", "SITZUNG\tBENUTZER\tVON\tSEIT\tPOSTFACH\tPROGRAMM"}))
	for _, s := range list {
		user, from := s.User, "unix"
		if user == "" {
			user = "-"
		}
		if s.Remote.IsValid() {
			from = s.Remote.String()
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, user, from, s.Since.Local().Format(time.DateTime), clientText(s.Mailbox), clientText(s.Client))
	}
	t.Flush()
}
