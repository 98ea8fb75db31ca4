package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
	"poststube/mbox"
)

func (a *app) exportMbox() *cobra.Command {
	var box admin.MailboxName
	c := a.command(spec{
		use:   "mbox -u NAME [-m MAILBOX] [FILE]",
		short: text{"export a mailbox as mbox", "ein Postfach als mbox herausgeben"},
		long: text{
			`Write the messages of a mailbox, with dates, flags and keywords, to a new file or to standard output, in the
mboxrd format that import mbox reads back.`,
			`Schreibt die Nachrichten eines Postfachs mit Datum, Flags und Schlagwörtern in eine neue Datei oder auf die
Standardausgabe, im Format mboxrd, das import mbox wieder liest.`,
		},
		example: "export mbox -u anna anna.mbox\nexport mbox -u anna -m Archive | gzip > archive.mbox.gz\n",
		args:    cobra.MaximumNArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			if err := a.needOwner(cmd, box.Owner); err != nil {
				return err
			}
			if len(args) == 0 || args[0] == "-" {
				if a.format == "json" {
					return misuse(cmd, "%s", a.t(text{"-f json needs a FILE for the messages", "-f json braucht eine DATEI für die Nachrichten"}))
				}
				return a.export(cmd, box, a.stdout, "")
			}
			return a.exportTo(cmd, box, args[0])
		},
	})
	a.ownerFlag(c, &box.Owner)
	c.Flags().StringVarP(&box.Name, "mailbox", "m", "INBOX", a.t(text{"`mailbox` to export", "`Postfach`, das herausgegeben wird"}))
	a.completeFlag(c, "mailbox", mailboxes)
	return c
}

// exportTo writes a file that was not there before, whole or not at all.
func (a *app) exportTo(cmd *cobra.Command, box admin.MailboxName, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = a.export(cmd, box, f, name)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

func (a *app) export(cmd *cobra.Command, box admin.MailboxName, w io.Writer, name string) error {
	return a.withService(cmd.Context(), false, func(s admin.Service) error {
		about, err := s.Mailbox(cmd.Context(), box)
		if err != nil {
			return err
		}
		show := a.progress()
		defer show.end()
		buffered := bufio.NewWriterSize(w, 256<<10)
		out := mbox.NewWriter(buffered)
		n := 0
		err = s.Export(cmd.Context(), box, func(m admin.Message) error {
			if err := out.Write(metaOf(m), m.Body); err != nil {
				return err
			}
			n++
			show.say(text{"%d of %d messages, %.0f/s, %s left", "%d von %d Nachrichten, %.0f/s, noch %s"},
				n, about.Messages, show.rate(n), show.left(int64(n), int64(about.Messages)))
			return nil
		})
		if err = errors.Join(err, out.Flush(), buffered.Flush()); err != nil {
			return err
		}
		show.end()
		if name == "" {
			return nil // the output is the mbox
		}
		return a.output(map[string]any{"file": name, "messages": n}, func(w io.Writer) {
			fmt.Fprintf(w, a.t(text{"%d messages of %s of %s in %s\n", "%d Nachrichten aus %s von %s in %s\n"}), n, box.Name, box.Owner, name)
		})
	})
}

// metaOf is flagsOf's inverse.
func metaOf(m admin.Message) mbox.Meta {
	meta := mbox.Meta{Date: m.Date, Old: true}
	for _, name := range m.Flags {
		switch name {
		case `\Seen`:
			meta.Seen = true
		case `\Answered`:
			meta.Answered = true
		case `\Flagged`:
			meta.Flagged = true
		case `\Deleted`:
			meta.Deleted = true
		case `\Draft`:
			meta.Draft = true
		default:
			if !strings.HasPrefix(name, `\`) {
				meta.Keywords = append(meta.Keywords, name)
			}
		}
	}
	return meta
}
