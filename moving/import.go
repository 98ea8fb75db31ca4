package moving

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"poststube/acl"
	"poststube/admin"
	"poststube/mail"
)

// Import takes everything over from a source. The report is valid with an error
// too: it tells what was done until then.
func Import(ctx context.Context, s admin.Service, src Source, o Options) (*Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	im := &importer{ctx: ctx, s: s, src: src, o: o, report: &Report{Owner: o.Owner, Folders: []FolderReport{}}}
	started := o.Now()
	err := im.all()
	for _, p := range src.Problems() {
		im.report.problem(p)
	}
	im.report.Seconds = o.Now().Sub(started).Seconds()
	return im.report, err
}

type importer struct {
	ctx      context.Context
	s        admin.Service
	src      Source
	o        Options
	report   *Report
	progress Progress

	there []admin.Mailbox // the owner's, when it began
	names map[string]bool // of the source's folders, as they are called here
}

func (im *importer) all() error {
	folders, err := im.src.Folders(im.ctx)
	if err != nil {
		return err
	}
	if im.there, err = im.s.Mailboxes(im.ctx, im.o.Owner); err != nil {
		return err
	}
	im.names = map[string]bool{}
	for _, f := range folders {
		im.progress.Total += f.Messages
		name, _ := im.nameFor(f.Name)
		im.names[strings.ToLower(name)] = true
	}
	for _, f := range folders {
		if err := im.folder(f); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// nameFor returns the name of a source's folder here; changed tells whether
// something in it had to be replaced.
func (im *importer) nameFor(name string) (clean string, changed bool) {
	var levels []string
	for level := range strings.SplitSeq(name, "/") {
		l := strings.TrimSpace(strings.Map(func(c rune) rune {
			if c < ' ' || c >= 0x7f && c < 0xa0 || c == '*' || c == '%' || c == '\u2028' || c == '\u2029' || c == '\ufffd' {
				return '_'
			}
			return c
		}, level))
		if l == "" || l == "." || l == ".." {
			l = "_"
		}
		changed = changed || l != level
		levels = append(levels, l)
	}
	clean = strings.Join(levels, "/")
	if im.o.Under != "" {
		clean = im.o.Under + "/" + clean
	}
	return clean, changed
}

// folder takes one folder over. Its own problems are reported; an error ends the
// import.
func (im *importer) folder(f Folder) error {
	im.progress.Folder = f.Name
	in, err := im.src.Open(im.ctx, f)
	var unreadable *FolderError
	if errors.As(err, &unreadable) {
		im.report.problem(Problem{Folder: f.Name, Text: err.Error()})
		return nil
	}
	if err != nil {
		return err
	}
	to, state, err := im.prepare(f, in)
	if err != nil {
		if isRefusal(err) {
			im.report.problem(Problem{Folder: f.Name, Text: mail.Text(err)})
			return nil
		}
		return err
	}
	done := FolderReport{Source: f.Name, Mailbox: to.Name, UIDsKept: state.UIDsKept}
	err = im.messages(f, in, to, state, &done)
	for _, p := range in.Problems {
		p.Folder = f.Name
		im.report.problem(p)
	}
	im.report.Folders = append(im.report.Folders, done)
	im.report.Messages += done.Messages
	im.report.Known += done.Known
	if err != nil {
		return err
	}
	if err := im.s.FinishFolder(im.ctx, to); err != nil {
		return err
	}
	return im.rights(f, in, to)
}

// isRefusal tells errors that concern one folder from those that end an import.
func isRefusal(err error) bool {
	switch mail.KindOf(err) {
	case mail.Invalid, mail.Exists, mail.Denied, mail.UseAttr:
		return true
	}
	return false
}

// A FolderError is why a source has no way into one folder, while others may be
// all right.
type FolderError struct{ Err error }

func (e *FolderError) Error() string { return e.Err.Error() }
func (e *FolderError) Unwrap() error { return e.Err }

// prepare makes the mailbox.
func (im *importer) prepare(f Folder, in *Contents) (admin.Folder, admin.FolderState, error) {
	name, changed := im.nameFor(f.Name)
	if changed {
		im.report.problem(Problem{Folder: f.Name, Text: "the name cannot be here: the folder is called " + name})
	}
	to := admin.Folder{
		MailboxName: admin.MailboxName{Owner: im.o.Owner, Name: name},
		UIDValidity: in.UIDValidity, UIDNext: in.UIDNext, Subscribed: f.Subscribed,
	}
	if err := im.specialUse(f, &to); err != nil {
		return to, admin.FolderState{}, err
	}
	state, err := im.s.PrepareFolder(im.ctx, to)
	if mail.KindOf(err) == mail.Invalid && err != nil {
		// Most likely the name is kept for shared mailboxes.
		first := err
		to.Name = "Imported/" + name
		if state, err = im.s.PrepareFolder(im.ctx, to); err != nil {
			return to, state, first
		}
		im.report.problem(Problem{Folder: f.Name, Text: mail.Text(first) + "; the folder is called " + to.Name})
	}
	return to, state, err
}

// specialUse makes the folder the one for its use (RFC 6154), if the owner's
// mailbox for it is still as it was made for a new account. That one is renamed,
// so that clients find no second, empty "Sent".
func (im *importer) specialUse(f Folder, to *admin.Folder) error {
	here := slices.IndexFunc(im.there, func(m admin.Mailbox) bool { return m.Name == to.Name })
	for _, use := range f.SpecialUse {
		if !slices.Contains([]string{`\Archive`, `\Drafts`, `\Junk`, `\Sent`, `\Trash`}, use) {
			continue
		}
		if here >= 0 && slices.Contains(im.there[here].SpecialUse, use) {
			continue
		}
		i := slices.IndexFunc(im.there, func(m admin.Mailbox) bool { return slices.Contains(m.SpecialUse, use) })
		switch {
		case here < 0 && i < 0:
			to.SpecialUse = append(to.SpecialUse, use)
			im.there = append(im.there, admin.Mailbox{Name: to.Name, SpecialUse: []string{use}, UIDNext: 2})
		case here < 0 && im.there[i].UIDNext <= 1 && !im.names[strings.ToLower(im.there[i].Name)]:
			err := im.s.RenameMailbox(im.ctx, admin.Rename{Owner: im.o.Owner, From: im.there[i].Name, To: to.Name})
			if err != nil && !isRefusal(err) {
				return err
			}
			if err == nil {
				im.there[i].Name, here = to.Name, i
			}
		default:
			holder := "no other"
			if i >= 0 {
				holder = im.there[i].Name
			}
			im.report.problem(Problem{Folder: f.Name, Text: "it is the folder for " + use + " there; here that is " + holder + ", and stays so"})
		}
	}
	return nil
}

// messages takes the messages over.
func (im *importer) messages(f Folder, in *Contents, to admin.Folder, state admin.FolderState, done *FolderReport) error {
	const size = len(mail.SourceHash{})
	before := make(map[mail.SourceHash]struct{}, len(state.Known)/size)
	for h := range slices.Chunk(state.Known, size) {
		if len(h) == size {
			before[mail.SourceHash(h)] = struct{}{}
		}
	}
	// A client of the service reads the source from a goroutine of its own.
	var mu sync.Mutex
	known := 0
	src := in.Messages(func(source string) bool {
		_, ok := before[mail.HashSource(source)]
		if ok {
			mu.Lock()
			known++
			mu.Unlock()
		}
		return ok
	}, func(p Problem) {
		mu.Lock()
		defer mu.Unlock()
		in.Problems = append(in.Problems, p)
	})
	if !state.UIDsKept {
		src = withoutUIDs(src)
	}
	base := im.progress
	say := func(d admin.Imported) {
		mu.Lock()
		im.progress.Done = base.Done + known + d.Messages + d.Known
		mu.Unlock()
		im.progress.Taken, im.progress.Octets = base.Taken+d.Messages, base.Octets+d.Octets
		if im.o.Progress != nil {
			im.o.Progress(im.progress)
		}
	}
	result, err := im.s.Import(im.ctx, to.MailboxName, src, say)
	say(result)
	im.progress.Done = max(im.progress.Done, base.Done+f.Messages)
	done.Messages, done.Known = result.Messages, known+result.Known
	im.report.Octets += result.Octets
	for _, s := range result.Skipped {
		in.Problems = append(in.Problems, Problem{Message: shortSource(s.Source), Text: s.Reason})
	}
	if result.SkippedMore > 0 {
		in.Problems = append(in.Problems, Problem{Text: fmt.Sprintf("%d more messages could not be taken", result.SkippedMore)})
	}
	for _, k := range result.Dropped {
		in.Problems = append(in.Problems, Problem{Text: fmt.Sprintf("the keyword %q cannot be here, or is one too many", k)})
	}
	return err
}

func withoutUIDs(src iter.Seq2[admin.Message, error]) iter.Seq2[admin.Message, error] {
	return func(yield func(admin.Message, error) bool) {
		for m, err := range src {
			m.UID = 0
			if !yield(m, err) {
				return
			}
		}
	}
}

// shortSource is the last part of a source, which names the message in its
// folder.
func shortSource(s string) string { return s[strings.LastIndexByte(s, 0)+1:] }

// rights gives the rights of the folder to those who are here too. What the
// mailbox says about somebody already stays.
func (im *importer) rights(f Folder, in *Contents, to admin.Folder) error {
	if len(in.ACL) == 0 {
		return nil
	}
	at := admin.Place{Owner: im.o.Owner, Path: to.Name}
	there, err := im.s.ACL(im.ctx, at)
	if err != nil {
		return err
	}
	for _, e := range in.ACL {
		id, rights, note := translate(e)
		if id == "" {
			im.report.problem(Problem{Folder: f.Name, Text: note})
			continue
		}
		if id == "owner" || id == im.o.Owner {
			// Owners have their rights anyway, and could give them back.
			if strings.Trim("lrswite", rights) != "" {
				im.report.problem(Problem{Folder: f.Name, Text: fmt.Sprintf("that the owner has the rights %q only is not taken: owners have all here", e.Rights)})
			}
			continue
		}
		if slices.ContainsFunc(there, func(h admin.ACLEntry) bool { return !h.Inherited && h.Identifier == id }) {
			continue
		}
		_, err := im.s.SetACL(im.ctx, admin.ACLChange{Place: at, Identifier: id, Rights: rights, Quiet: true})
		if err != nil {
			if !isRefusal(err) && mail.KindOf(err) != mail.NotFound {
				return err
			}
			note = fmt.Sprintf("the rights %q of %q were not given: %s; add them with: poststube acl set", e.Rights, e.Identifier, mail.Text(err))
		}
		if note != "" {
			im.report.problem(Problem{Folder: f.Name, Text: note})
		}
	}
	return nil
}

// translate writes an entry of Dovecot or Cyrus as ours. note tells what is lost
// in that; without an identifier, everything.
func translate(e Entry) (id, rights, note string) {
	name, negative := strings.CutPrefix(e.Identifier, "-")
	if rest, ok := strings.CutPrefix(name, "user="); ok {
		name = rest
	} else if rest, ok := strings.CutPrefix(name, "group="); ok {
		name = "group:" + rest
	} else if strings.HasPrefix(name, "group-override=") {
		return "", "", fmt.Sprintf("the rights %q of %q are not taken: there is no group-override here", e.Rights, e.Identifier)
	}
	if negative {
		name = "-" + name
	}
	parsed, err := acl.ParseIdentifier(name)
	if err != nil {
		return "", "", fmt.Sprintf("the rights %q of %q are not taken: %v", e.Rights, e.Identifier, err)
	}
	var kept, lost []byte
	for i := range len(e.Rights) {
		if c := e.Rights[i]; strings.IndexByte("lrswipkxtecda", c) >= 0 {
			kept = append(kept, c)
		} else if strings.IndexByte("0123456789n", c) < 0 { // Cyrus's own, which repeat others
			lost = append(lost, c)
		}
	}
	if len(lost) > 0 {
		note = fmt.Sprintf("of the rights %q of %q, %q mean nothing here", e.Rights, e.Identifier, lost)
	}
	if len(kept) == 0 {
		return "", "", fmt.Sprintf("the rights %q of %q are not taken: none of them is known here", e.Rights, e.Identifier)
	}
	return parsed.String(), string(kept), note
}
