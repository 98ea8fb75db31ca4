package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"poststube/acl"
	"poststube/admin"
)

// Completing is a word that is being typed.
type completing struct {
	context.Context
	admin.Service
	cmd  *cobra.Command
	args []string // before the word
	word string
}

// A completer returns what could stand there; what does not begin like the word
// is left out afterwards.
type completer func(c *completing) ([]string, error)

// completeTime is how long the shell waits for an answer.
const completeTime = 2 * time.Second

// completions makes cobra ask complete. What fails completes nothing: somebody
// who is typing wants no error messages.
func (a *app) completions(complete completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Root().Context(), completeTime)
		defer cancel()
		var found []string
		err := a.withService(ctx, false, func(s admin.Service) (err error) {
			found, err = complete(&completing{ctx, s, cmd, args, word})
			return err
		})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		var list []cobra.Completion
		for _, f := range found {
			if strings.HasPrefix(f, word) {
				list = append(list, f)
			}
		}
		if len(list) == 1 && (strings.HasSuffix(list[0], ":") || strings.HasSuffix(list[0], "/")) {
			directive |= cobra.ShellCompDirectiveNoSpace // more comes behind it
		}
		return list, directive
	}
}

// first limits a completer to the first argument.
func first(complete completer) completer {
	return func(c *completing) ([]string, error) {
		if len(c.args) > 0 {
			return nil, nil
		}
		return complete(c)
	}
}

func people(c *completing) (list []string, err error) {
	users, err := c.Users(c)
	for _, u := range users {
		list = append(list, u.Name)
	}
	return list, err
}

func groups(c *completing) (list []string, err error) {
	all, err := c.Groups(c)
	for _, g := range all {
		list = append(list, g.Name)
	}
	return list, err
}

func peopleAndGroups(c *completing) ([]string, error) { return both(people, groups)(c) }

// both offers what either of two offers.
func both(one, other completer) completer {
	return func(c *completing) ([]string, error) {
		list, err := one(c)
		if err != nil {
			return nil, err
		}
		more, err := other(c)
		return append(list, more...), err
	}
}

// members is for a group, and then for anybody.
func members(c *completing) ([]string, error) {
	if len(c.args) == 0 {
		return groups(c)
	}
	return peopleAndGroups(c)
}

// mailboxes is for a mailbox of the owner that -u names.
func mailboxes(c *completing) ([]string, error) {
	f := c.cmd.Flags().Lookup("user")
	if f == nil || f.Value.String() == "" {
		return nil, nil
	}
	return mailboxesOf(c, f.Value.String(), "")
}

func mailboxesOf(c *completing, owner, prefix string) ([]string, error) {
	boxes, err := c.Mailboxes(c, owner)
	list := make([]string, len(boxes))
	for i, b := range boxes {
		list[i] = prefix + b.Name
	}
	return list, err
}

// places is for OWNER:MAILBOX: first the owner, then the mailbox.
func places(c *completing) (list []string, err error) {
	if group, ok := strings.CutPrefix(c.word, "group:"); ok {
		if owner, _, inside := strings.Cut(group, "/"); inside {
			return mailboxesOf(c, owner, "group:"+owner+"/")
		}
		list, err = groups(c)
		for i := range list {
			list[i] = "group:" + list[i] + "/"
		}
		return list, err
	}
	if owner, _, ok := strings.Cut(c.word, ":"); ok {
		return mailboxesOf(c, owner, owner+":")
	}
	list, err = people(c)
	for i := range list {
		list[i] += ":"
	}
	return append(list, "group:"), err
}

// granting is for a mailbox, then who, then which rights.
func granting(c *completing) ([]string, error) {
	switch len(c.args) {
	case 0:
		return places(c)
	case 1:
		list, err := groups(c)
		for i := range list {
			list[i] = "group:" + list[i]
		}
		who, err2 := people(c)
		if err == nil {
			err = err2
		}
		return append(append(list, who...), "anyone"), err
	case 2:
		return presets(c)
	}
	return nil, nil
}

func presets(*completing) (list []string, _ error) {
	for _, p := range acl.Presets() {
		list = append(list, p.Name)
	}
	return list, nil
}

// asking is for a person, and then a mailbox.
func asking(c *completing) ([]string, error) {
	switch len(c.args) {
	case 0:
		return people(c)
	case 1:
		return places(c)
	}
	return nil, nil
}
