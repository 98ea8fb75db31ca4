package main

import (
	"github.com/spf13/cobra"
)

// ownerFlag adds -u, which names whose mailbox is meant.
func (a *app) ownerFlag(c *cobra.Command, owner *string) {
	c.Flags().StringVarP(owner, "user", "u", "", a.t(text{"`name` of the person or group whose mailbox it is", "`Name` der Person oder Gruppe, der das Postfach gehört"}))
	a.completeFlag(c, "user", peopleAndGroups)
}

// completeFlag says what the shell offers for a flag.
func (a *app) completeFlag(c *cobra.Command, name string, complete completer) {
	// The only error is that of a flag that is not there; TestCompletion would see it.
	_ = c.RegisterFlagCompletionFunc(name, a.completions(complete))
}

// needOwner refuses a command line without -u.
func (a *app) needOwner(cmd *cobra.Command, owner string) error {
	if owner == "" {
		return misuse(cmd, "%s", a.t(text{"whose mailbox? give -u NAME", "wessen Postfach? -u NAME angeben"}))
	}
	return nil
}
