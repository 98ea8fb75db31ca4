package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"poststube/admin"
	"poststube/moving"
)

// importOptions are what the imports of whole accounts have in common.
type importOptions struct {
	owner, under, from, report string
	jobs                       int
}

// An account is one person's import: fields are what the source needs.
type account struct {
	owner  string
	fields []string
}

func (a *app) importFlags(c *cobra.Command, o *importOptions, owner string) {
	f := c.Flags()
	f.StringVarP(&o.owner, owner, "u", "", a.t(text{"whose `name` the mail gets", "`Name`, der die Mail bekommt"}))
	f.StringVarP(&o.under, "mailbox", "m", "", a.t(text{"`mailbox` under which all folders come; without it they come as they are", "`Postfach`, unter das alle Ordner kommen; sonst kommen sie, wie sie sind"}))
	f.StringVar(&o.report, "report", "", a.t(text{"`file` for the report, as JSON", "`Datei` für den Bericht, als JSON"}))
	f.IntVar(&o.jobs, "jobs", 2, a.t(text{"`number` of people imported at once", "`Anzahl` der Personen zugleich"}))
}

// importAccounts returns whom to import: one person of the command line, or those
// of the list.
func (a *app) importAccounts(cmd *cobra.Command, o *importOptions, args []string, fields int) ([]account, error) {
	if o.from == "" {
		if err := a.needOwner(cmd, o.owner); err != nil {
			return nil, err
		}
		if len(args) != fields {
			return nil, misuse(cmd, a.t(text{"this takes other arguments: %s", "hier gehören andere Argumente hin: %s"}), cmd.UseLine())
		}
		return []account{{o.owner, args}}, nil
	}
	if o.owner != "" || len(args) > 0 {
		return nil, misuse(cmd, "%s", a.t(text{"give either one person or --from FILE", "entweder eine Person oder --from DATEI angeben"}))
	}
	if o.jobs < 1 {
		return nil, misuse(cmd, "%s", a.t(text{"--jobs is at least 1", "--jobs ist mindestens 1"}))
	}
	in := a.stdin
	if o.from != "-" {
		f, err := os.Open(o.from)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return a.readAccounts(o.from, in)
}

// readAccounts reads a list: a name and what belongs to it on each line. The last
// field may hold spaces.
func (a *app) readAccounts(name string, r io.Reader) ([]account, error) {
	var list []account
	seen := map[string]bool{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		owner, rest, ok := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		if !ok || rest == "" {
			return nil, fmt.Errorf(a.t(text{"%s:%d: the line is not a name and where the mail is", "%s:%d: die Zeile ist kein Name mit dem Ort der Mail"}), name, n)
		}
		if seen[owner] {
			return nil, fmt.Errorf(a.t(text{"%s:%d: %s is there twice", "%s:%d: %s steht zweimal da"}), name, n, owner)
		}
		seen[owner] = true
		list = append(list, account{owner, []string{rest}})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf(a.t(text{"%s: nobody is in it", "%s: es steht niemand darin"}), name)
	}
	return list, nil
}

// An importResult is one person's report as it is printed.
type importResult struct {
	*moving.Report
	Error string `json:"error,omitempty"`
}

// importAll imports accounts, some at once. A failure of one leaves the others
// alone; it is an error in the end.
func (a *app) importAll(cmd *cobra.Command, o *importOptions, accounts []account, open func(context.Context, account) (moving.Source, error)) error {
	return a.withService(cmd.Context(), false, func(s admin.Service) error {
		show := newImportProgress(a, len(accounts))
		results := make([]importResult, len(accounts))
		errs := make([]error, len(accounts))
		next := make(chan int)
		var workers sync.WaitGroup
		for range min(o.jobs, len(accounts)) {
			workers.Go(func() {
				for i := range next {
					results[i], errs[i] = a.importOne(cmd.Context(), s, o, accounts[i], open, func(p moving.Progress) { show.hear(i, p) })
				}
			})
		}
		for i := range accounts {
			next <- i
		}
		close(next)
		workers.Wait()
		show.line.end()
		return a.importReport(o, results, errs)
	})
}

func (a *app) importOne(ctx context.Context, s admin.Service, o *importOptions, acc account, open func(context.Context, account) (moving.Source, error), hear func(moving.Progress)) (importResult, error) {
	r := importResult{Report: &moving.Report{Owner: acc.owner, Folders: []moving.FolderReport{}}}
	src, err := open(ctx, acc)
	if err == nil {
		r.Report, err = moving.Import(ctx, s, src, moving.Options{Owner: acc.owner, Under: o.under, Progress: hear})
		err = errors.Join(err, src.Close())
	}
	if err != nil {
		r.Error = a.errorText(err)
	}
	return r, err
}

// importReport prints what was done. The error is that of the only account, or
// says how many failed.
func (a *app) importReport(o *importOptions, results []importResult, errs []error) error {
	if o.report != "" {
		f, err := os.OpenFile(o.report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(a.printJSON(f, results), f.Close()); err != nil {
			return err
		}
	}
	failed := 0
	for _, err := range errs {
		if err != nil {
			failed++
		}
	}
	err := a.output(results, func(w io.Writer) {
		for _, r := range results {
			a.printImport(w, r)
		}
	})
	switch {
	case err != nil || failed == 0:
		return err
	case len(errs) == 1:
		return errs[0]
	}
	return fmt.Errorf(a.t(text{"%d of %d imports did not come to their end: start again to go on", "%d von %d Importen kamen nicht ans Ende: noch einmal starten, um fortzufahren"}), failed, len(errs))
}

func (a *app) printImport(w io.Writer, r importResult) {
	fmt.Fprintf(w, a.t(text{"%s: %d messages, %s, in %d mailboxes; %d were there already; %.0f messages/s\n", "%s: %d Nachrichten, %s, in %d Postfächern; %d waren schon da; %.0f Nachrichten/s\n"}),
		r.Owner, r.Messages, octets(r.Octets), len(r.Folders), r.Known, float64(r.Messages)/max(r.Seconds, 1e-3))
	if r.Error != "" && a.format == "text" {
		fmt.Fprintf(w, a.t(text{"%s: not finished: %s; start the import again to go on where it ended\n", "%s: nicht fertig: %s; den Import noch einmal starten, er geht weiter, wo er endete\n"}), r.Owner, r.Error)
	}
	for _, p := range r.Problems {
		where := strings.Join(strings.Fields(p.Folder+" "+p.Message), " ")
		if where != "" {
			where += ": "
		}
		fmt.Fprintf(w, a.t(text{"%s: not taken over: %s%s\n", "%s: nicht übernommen: %s%s\n"}), r.Owner, where, p.Text)
	}
	if r.MoreProblems > 0 {
		fmt.Fprintf(w, a.t(text{"%s: and %d more\n", "%s: und %d weitere\n"}), r.Owner, r.MoreProblems)
	}
}

// importProgress adds up what imports that run at once report.
type importProgress struct {
	line *progressLine
	mu   sync.Mutex
	each []moving.Progress
}

func newImportProgress(a *app, n int) *importProgress {
	return &importProgress{line: a.progress(), each: make([]moving.Progress, n)}
}

func (p *importProgress) hear(i int, now moving.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.each[i] = now
	var sum moving.Progress
	for _, e := range p.each {
		sum.Done += e.Done
		sum.Total += e.Total
		sum.Taken += e.Taken
		sum.Octets += e.Octets
	}
	// What was there already took no time: the rest goes at the rate of what is new.
	left := p.line.left(int64(sum.Taken), int64(sum.Taken+sum.Total-sum.Done)).Round(time.Second)
	p.line.say(text{"%d of %d messages, %s, %.0f/s, %s left: %s", "%d von %d Nachrichten, %s, %.0f/s, noch %s: %s"},
		sum.Done, sum.Total, octets(sum.Octets), p.line.rate(sum.Taken), left, now.Folder)
}
