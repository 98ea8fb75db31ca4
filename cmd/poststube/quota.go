package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"poststube/admin"
	"poststube/server"
)

func (a *app) quotaGet() *cobra.Command {
	return a.command(spec{
		use:   "get NAME",
		short: text{"how much a person or group has, and may have", "wie viel eine Person oder Gruppe hat und haben darf"},
		long: text{
			"Show what all mailboxes of a person or group take together, and the limits.",
			"Zeigt, was alle Postfächer einer Person oder Gruppe zusammen einnehmen, und die Grenzen.",
		},
		example:  "quota get anna\nquota get sales -f json\n",
		args:     cobra.ExactArgs(1),
		complete: first(peopleAndGroups),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				q, err := s.Quota(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.showQuota(q)
			})
		},
	})
}

func (a *app) showQuota(q admin.Quota) error {
	return a.output(q, func(w io.Writer) {
		none := a.t(text{"no limit", "keine Grenze"})
		bytes, messages := none, none
		if q.Bytes > 0 {
			bytes = octets(q.Bytes)
		}
		if q.Messages > 0 {
			messages = strconv.FormatUint(q.Messages, 10)
		}
		fmt.Fprintf(w, a.t(text{"%s: %s of %s, %d messages of %s\n", "%s: %s von %s, %d Nachrichten von %s\n"}), q.Owner, octets(q.BytesUsed), bytes, q.MessagesUsed, messages)
	})
}

func (a *app) quotaSet() *cobra.Command {
	var size server.Size
	var messages uint64
	c := a.command(spec{
		use:   "set NAME",
		short: text{"limit how much a person or group may have", "begrenzen, wie viel eine Person oder Gruppe haben darf"},
		long: text{
			"Limit what all mailboxes of a person or group take together. 0, or leaving a flag out, is no limit. Deliveries beyond are refused for the time being, and so are uploads and copies.",
			"Begrenzt, was alle Postfächer einer Person oder Gruppe zusammen einnehmen. 0, oder ein Schalter, der fehlt, heißt: keine Grenze. Zustellungen darüber hinaus werden vorerst abgelehnt, ebenso Ablegen und Kopieren.",
		},
		example:  "quota set anna --size 2GiB\nquota set sales --size 10GiB --messages 200000\n",
		args:     cobra.ExactArgs(1),
		complete: first(peopleAndGroups),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				if err := s.SetQuota(cmd.Context(), admin.Quota{Owner: args[0], Bytes: int64(size), Messages: messages}); err != nil {
					return err
				}
				q, err := s.Quota(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.showQuota(q)
			})
		},
	})
	c.Flags().TextVar(&size, "size", server.Size(0), a.t(text{"largest `size` of all messages, such as 2GiB", "höchste `Größe` aller Nachrichten, etwa 2GiB"}))
	c.Flags().Uint64Var(&messages, "messages", 0, a.t(text{"highest `number` of messages", "höchste `Zahl` der Nachrichten"}))
	return c
}

func (a *app) quotaRecalculate() *cobra.Command {
	c := a.command(spec{
		use:   "recalculate NAME",
		short: text{"count anew what a person or group has", "neu zählen, was eine Person oder Gruppe hat"},
		long: text{
			"Count the messages of a person or group anew. The figures never drift by themselves; this is for after a repair.",
			"Zählt die Nachrichten einer Person oder Gruppe neu. Die Zahlen laufen nie von selbst auseinander; das ist für nach einer Reparatur.",
		},
		example:  "quota recalculate anna\n",
		args:     cobra.ExactArgs(1),
		complete: first(peopleAndGroups),
		run: func(cmd *cobra.Command, args []string) error {
			return a.withService(cmd.Context(), false, func(s admin.Service) error {
				q, err := s.RecalculateQuota(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.showQuota(q)
			})
		},
	})
	c.Aliases = []string{"recalc"}
	return c
}
