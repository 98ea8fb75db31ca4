package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"poststube/admin"
	"poststube/mail"
	"poststube/mbox"
	"poststube/moving"
)

func (a *app) importMbox() *cobra.Command {
	var box admin.MailboxName
	var again bool
	var from string
	c := a.command(spec{
		use:   "mbox -u NAME [-m MAILBOX] FILE…",
		short: text{"import mbox files, or files of one message each", "mbox-Dateien übernehmen, oder Dateien mit je einer Nachricht"},
		long: text{
			`Append the messages of files to a mailbox, which is made if it is not there. A file is an mbox, whose
messages begin with "From " lines (mboxrd), or one message. Flags of Status, X-Status and X-Keywords are taken
over, and the date of the "From " line. An import that was interrupted is simply started again: a message that
was taken over into the mailbox before, even if it is deleted since, is not taken twice. --again takes it. With --from, many
people are imported: one line "name file" for each.`,
			`Hängt die Nachrichten von Dateien an ein Postfach an, das angelegt wird, wenn es fehlt. Eine Datei ist eine
mbox, deren Nachrichten mit "From "-Zeilen beginnen (mboxrd), oder eine Nachricht. Übernommen werden die Flags
aus Status, X-Status und X-Keywords und das Datum der "From "-Zeile. Ein unterbrochener Import wird einfach noch
einmal gestartet: eine Nachricht, die schon in das Postfach übernommen wurde, auch wenn sie dort gelöscht ist, kommt
nicht zweimal. --again übernimmt sie doch. Mit --from kommen viele Personen: eine Zeile "name datei" für jede.`,
		},
		example: `import mbox -u anna -m Archive/2002 archive.mbox
import mbox -u anna mails/*.eml
import mbox --from list.txt
zcat old.mbox.gz | poststube import mbox -u anna -
`,
		args: func(cmd *cobra.Command, args []string) error {
			if from != "" {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.MinimumNArgs(1)(cmd, args)
		},
		run: func(cmd *cobra.Command, args []string) error {
			accounts, err := a.importAccounts(cmd, &importOptions{owner: box.Owner, from: from, jobs: 1}, args, len(args))
			if err != nil {
				return err
			}
			sources := make([]*mboxSource, len(accounts))
			for i, acc := range accounts {
				if sources[i], err = a.openFiles(acc.fields); err != nil {
					return err
				}
				sources[i].again = again
			}
			return a.withService(cmd.Context(), false, func(s admin.Service) error { return a.importMboxes(cmd, s, box.Name, accounts, sources) })
		},
	})
	a.ownerFlag(c, &box.Owner)
	c.Flags().StringVarP(&box.Name, "mailbox", "m", "INBOX", a.t(text{"`mailbox` to append to", "`Postfach`, an das angehängt wird"}))
	c.Flags().StringVar(&from, "from", "", a.t(text{"`file` with a line \"name file\" for each person", "`Datei` mit einer Zeile \"name datei\" je Person"}))
	c.Flags().BoolVar(&again, "again", false, a.t(text{"take messages that were taken over before once more", "schon übernommene Nachrichten noch einmal übernehmen"}))
	return c
}

// importMboxes imports for one person after the other. The first failure ends
// it: started again, it goes on there.
func (a *app) importMboxes(cmd *cobra.Command, s admin.Service, mailbox string, accounts []account, sources []*mboxSource) error {
	results := make([]mboxResult, 0, len(accounts))
	for i, acc := range accounts {
		r, err := a.runImport(cmd, s, admin.MailboxName{Owner: acc.owner, Name: mailbox}, sources[i])
		if err != nil {
			return err
		}
		results = append(results, r)
		if a.format == "text" {
			a.printMbox(r)
		}
	}
	if a.format == "text" {
		return nil
	}
	if len(results) == 1 {
		return a.printJSON(a.stdout, results[0])
	}
	return a.printJSON(a.stdout, results)
}

// An mboxResult is what was imported for one person.
type mboxResult struct {
	Owner string `json:"owner"`
	admin.Imported
	rate float64
}

func (a *app) runImport(cmd *cobra.Command, s admin.Service, box admin.MailboxName, src *mboxSource) (mboxResult, error) {
	show := a.progress()
	defer show.end()
	done, err := s.Import(cmd.Context(), box, src.messages(), func(d admin.Imported) {
		read := src.position()
		if src.total > 0 {
			show.say(text{"%d messages, %s of %s, %.0f/s, %s left", "%d Nachrichten, %s von %s, %.0f/s, noch %s"},
				d.Messages, octets(read), octets(src.total), show.rate(d.Messages), show.left(read, src.total))
			return
		}
		show.say(text{"%d messages, %s, %.0f/s", "%d Nachrichten, %s, %.0f/s"}, d.Messages, octets(read), show.rate(d.Messages))
	})
	if err != nil && done.Messages > 0 {
		sentence := a.t(text{"%s: %s; %d messages were imported before that and are there: start the import again to go on", "%s: %s; %d Nachrichten waren vorher übernommen und sind da: den Import noch einmal starten, um fortzufahren"})
		err = &mail.Error{Kind: mail.KindOf(err), Text: fmt.Sprintf(sentence, box.Owner, a.errorText(err), done.Messages), Err: err}
	}
	return mboxResult{box.Owner, done, show.rate(done.Messages)}, err
}

func (a *app) printMbox(r mboxResult) {
	w := a.stdout
	fmt.Fprintf(w, a.t(text{"%d messages, %s, in %s of %s; %.0f messages/s\n", "%d Nachrichten, %s, in %s von %s; %.0f Nachrichten/s\n"}),
		r.Messages, octets(r.Octets), r.Mailbox, r.Owner, r.rate)
	if r.Known > 0 {
		fmt.Fprintf(w, a.t(text{"%d were there already\n", "%d waren schon da\n"}), r.Known)
	}
	for _, skipped := range r.Skipped {
		fmt.Fprintf(w, a.t(text{"left out: message %d: %s\n", "ausgelassen: Nachricht %d: %s\n"}), skipped.Number, skipped.Reason)
	}
	if r.SkippedMore > 0 {
		fmt.Fprintf(w, a.t(text{"left out: %d more\n", "ausgelassen: %d weitere\n"}), r.SkippedMore)
	}
}

// An mboxSource reads files one after the other. Position is read by progress
// while another goroutine reads the messages.
type mboxSource struct {
	app   *app
	names []string
	total int64 // octets of all files; 0 if one has no size
	again bool  // messages have no identity
	meter
}

// openFiles looks at all files before anything is imported, so that a wrong
// name changes nothing.
func (a *app) openFiles(names []string) (*mboxSource, error) {
	src := &mboxSource{app: a, names: names}
	sized := true
	for _, name := range names {
		if name == "-" {
			sized = false
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() {
			// The beginning tells whether it is mail.
			if _, err = mbox.NewReader(f).Next(); errors.Is(err, io.EOF) {
				err = nil
			} else if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
		}
		f.Close()
		switch {
		case err != nil:
			return nil, err
		case info.IsDir():
			return nil, fmt.Errorf(a.t(text{"%s is a directory: name the files in it", "%s ist ein Verzeichnis: die Dateien darin nennen"}), name)
		case !info.Mode().IsRegular():
			sized = false
		}
		src.total += info.Size()
	}
	if !sized {
		src.total = 0
	}
	return src, nil
}

// messages yields the messages of all files.
func (src *mboxSource) messages() iter.Seq2[admin.Message, error] {
	return func(yield func(admin.Message, error) bool) {
		for _, name := range src.names {
			if !src.file(name, yield) {
				return
			}
		}
	}
}

func (src *mboxSource) file(name string, yield func(admin.Message, error) bool) bool {
	in := src.app.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return yield(admin.Message{}, err)
		}
		defer f.Close()
		in = f
	}
	r := mbox.NewReader(bufio.NewReader(src.meter.count(in)))
	ids := moving.NewMboxIDs()
	for n := 1; ; n++ {
		m, err := r.Next()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			yield(admin.Message{}, fmt.Errorf("%s: message %d: %w", name, n, err))
			return false
		}
		out := admin.Message{Date: m.Date, Flags: flagsOf(m.Meta), Body: m}
		if !src.again {
			if out.Source, out.Body, err = ids.Identify(m); err != nil {
				yield(admin.Message{}, fmt.Errorf("%s: message %d: %w", name, n, err))
				return false
			}
		}
		if !yield(out, nil) {
			return false
		}
	}
}

// flagsOf returns the flags that a folder keeps, in IMAP's names.
func flagsOf(m mbox.Meta) []string {
	var flags []string
	for _, f := range [...]struct {
		set  bool
		name string
	}{{m.Seen, `\Seen`}, {m.Answered, `\Answered`}, {m.Flagged, `\Flagged`}, {m.Deleted, `\Deleted`}, {m.Draft, `\Draft`}} {
		if f.set {
			flags = append(flags, f.name)
		}
	}
	for _, k := range m.Keywords {
		// An atom of RFC 9051 section 9; other programs' keywords may be more.
		if !strings.ContainsAny(k, "(){%*\"\\]") && isPrintable(k) {
			flags = append(flags, k)
		}
	}
	return flags
}

func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}
