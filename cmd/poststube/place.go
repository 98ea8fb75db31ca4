package main

import (
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
)

// parsePlace reads a mailbox as the contract has it: anna:Projects/A,
// group:sales/Inbox, or anna: and group:sales for all that they have.
func (a *app) parsePlace(cmd *cobra.Command, s string) (p admin.Place, err error) {
	owner, path, ok := strings.Cut(s, ":")
	if owner == "group" && ok {
		owner, path, _ = strings.Cut(path, "/")
	}
	if !ok || owner == "" {
		return p, misuse(cmd, a.t(text{
			"%q is not a mailbox: write OWNER:NAME, such as anna:Projects or group:sales/Inbox",
			"%q ist kein Postfach: EIGNER:NAME schreiben, etwa anna:Projects oder group:sales/Inbox",
		}), s)
	}
	return admin.Place{Owner: owner, Path: path}, nil
}

// withPlace is withService for a command about the mailbox in arg, on which as
// acts.
func (a *app) withPlace(cmd *cobra.Command, arg, as string, fn func(s admin.Service, at admin.Place) error) error {
	at, err := a.parsePlace(cmd, arg)
	if err != nil {
		return err
	}
	at.As = as
	return a.withService(cmd.Context(), false, func(s admin.Service) error { return fn(s, at) })
}

// actingFlag adds -u, which names with whose rights something is done.
func (a *app) actingFlag(c *cobra.Command, as *string) {
	c.Flags().StringVarP(as, "user", "u", "", a.t(text{"act as this `person`, with no more rights than theirs", "als diese `Person` handeln, mit deren Rechten"}))
	a.completeFlag(c, "user", people)
}
