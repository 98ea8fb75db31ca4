package moving

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"poststube/admin"
	"poststube/imap/wire"
	"poststube/maildir"
)

// ExportReport tells what an export did.
type ExportReport struct {
	Owner    string    `json:"owner"`
	Messages int       `json:"messages"`
	Folders  int       `json:"folders"`
	Problems []Problem `json:"problems,omitempty"`
}

// ExportMaildir writes all mailboxes of an owner as Maildir++ into a directory
// that is new or empty. progress, if not nil, hears of each message.
func ExportMaildir(ctx context.Context, s admin.Service, owner, dir string, progress func(done, total int)) (*ExportReport, error) {
	report := &ExportReport{Owner: owner}
	boxes, err := s.Mailboxes(ctx, owner)
	if err != nil {
		return report, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return report, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return report, err
	}
	defer root.Close()
	w, err := maildir.NewWriter(root)
	if err != nil {
		return report, err
	}
	e := &exporter{ctx: ctx, s: s, w: w, report: report, taken: map[string]bool{}}
	for _, b := range boxes {
		e.total += int(b.Messages)
	}
	e.progress = progress
	for _, b := range boxes {
		if err := e.folder(b); err != nil {
			return report, fmt.Errorf("%s: %w", b.Name, err)
		}
	}
	return report, w.Close()
}

type exporter struct {
	ctx      context.Context
	s        admin.Service
	w        *maildir.Writer
	report   *ExportReport
	taken    map[string]bool
	total    int
	progress func(done, total int)
}

func (e *exporter) folder(b admin.Mailbox) error {
	levels := e.levels(b.Name)
	f, err := e.w.Folder(levels, b.UIDValidity, b.UIDNext)
	if err != nil {
		return err
	}
	err = e.s.Export(e.ctx, admin.MailboxName{Owner: e.report.Owner, Name: b.Name}, func(m admin.Message) error {
		if err := f.Add(m.UID, exportFlags(m.Flags), m.Date.Truncate(time.Second), m.Body); err != nil {
			return err
		}
		e.report.Messages++
		if e.progress != nil {
			e.progress(e.report.Messages, e.total)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range f.Lost {
		e.problem(b.Name, fmt.Sprintf("a Maildir has 26 keywords, %q is one too many", k))
	}
	acl, err := e.rights(b)
	if err != nil {
		return err
	}
	if b.Subscribed {
		e.w.Subscribe(levels)
	}
	e.report.Folders++
	return f.Close(acl)
}

func (e *exporter) problem(folder, text string) {
	e.report.Problems = append(e.report.Problems, Problem{Folder: folder, Text: text})
}

// levels returns a name as it is on disk. A dot in it would begin another level
// there.
func (e *exporter) levels(name string) []string {
	if strings.EqualFold(name, wire.Inbox) {
		return nil
	}
	var levels []string
	for level := range strings.SplitSeq(name, "/") {
		levels = append(levels, string(wire.AppendUTF7(nil, strings.ReplaceAll(level, ".", "_"))))
	}
	last := levels[len(levels)-1]
	for n := 2; e.taken[strings.Join(levels, ".")]; n++ {
		levels[len(levels)-1] = fmt.Sprintf("%s_%d", last, n)
	}
	onDisk := strings.Join(levels, ".")
	e.taken[onDisk] = true
	if strings.Contains(name, ".") {
		e.problem(name, "Maildir++ has no dots in names: the folder is called ."+onDisk)
	}
	return levels
}

// rights writes the entries that were made on the mailbox as Dovecot does.
func (e *exporter) rights(b admin.Mailbox) ([]maildir.ACLEntry, error) {
	entries, err := e.s.ACL(e.ctx, admin.Place{Owner: e.report.Owner, Path: b.Name})
	if err != nil {
		return nil, err
	}
	var list []maildir.ACLEntry
	for _, entry := range entries {
		if entry.Inherited {
			continue
		}
		name, negative := strings.CutPrefix(entry.Identifier, "-")
		switch group, isGroup := strings.CutPrefix(name, "group:"); {
		case isGroup:
			name = "group=" + group
		case name != "anyone" && name != "authenticated" && name != "owner":
			name = "user=" + name
		}
		if negative {
			name = "-" + name
		}
		list = append(list, maildir.ACLEntry{Identifier: name, Rights: entry.Rights})
	}
	return list, nil
}

// exportFlags is maildirFlags' inverse.
func exportFlags(names []string) (f maildir.Flags) {
	for _, name := range names {
		switch name {
		case `\Seen`:
			f.Seen = true
		case `\Answered`:
			f.Answered = true
		case `\Flagged`:
			f.Flagged = true
		case `\Deleted`:
			f.Deleted = true
		case `\Draft`:
			f.Draft = true
		default:
			// Dovecot takes the letter P for nothing, so the keyword stands
			// there too.
			f.Forwarded = f.Forwarded || strings.EqualFold(name, forwarded)
			if !strings.HasPrefix(name, `\`) {
				f.Keywords = append(f.Keywords, name)
			}
		}
	}
	return f
}
