package moving

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"poststube/admin"
	"poststube/mail"
	"poststube/message"
)

// RestoreOptions say what Restore takes, and where it puts it.
type RestoreOptions struct {
	// From is the mailbox; without a name, all that its owner has.
	From    admin.MailboxName
	Beneath bool // also what lies beneath From
	// Into is the mailbox that From becomes; without a name, that of From.
	Into admin.MailboxName
	// Since and Before bound the internal date, unless zero: Since <= date < Before.
	Since, Before time.Time
	MessageIDs    []string // only these, with or without angle brackets
	// Progress, if not nil, hears how many messages are stored.
	Progress func(messages int)
}

// A RestoreReport tells what Restore did.
type RestoreReport struct {
	Backup   string          `json:"backup"`
	Messages int             `json:"messages"` // are back
	Known    int             `json:"known"`    // were there
	Octets   int64           `json:"octets"`
	Folders  []FolderReport  `json:"folders"`
	Skipped  []admin.Skipped `json:"skipped,omitempty"`
}

// Restore copies mailboxes from one service, a store of this process that nobody
// else changes, into another. It only adds: a message whose octets are in the
// target already stays as it is there, and is not doubled. So it may be done
// again after it was cut off. The report is valid with an error too. The error is
// NotFound if there is no mailbox From.
func Restore(ctx context.Context, from, to admin.Service, o RestoreOptions) (*RestoreReport, error) {
	r := &restorer{ctx: ctx, from: from, to: to, o: o, report: &RestoreReport{Folders: []FolderReport{}}}
	there, err := to.Mailboxes(ctx, o.Into.Owner)
	if err != nil {
		return r.report, err
	}
	boxes, err := from.Mailboxes(ctx, o.From.Owner)
	if err != nil {
		return r.report, inBackup(err)
	}
	found := false
	for _, b := range boxes {
		target, ok := r.target(b.Name)
		if !ok {
			continue
		}
		found = true
		exists := slices.ContainsFunc(there, func(m admin.Mailbox) bool { return sameMailbox(m.Name, target) })
		if err := r.folder(b.Name, target, exists); err != nil {
			return r.report, err
		}
	}
	if !found {
		_, err := from.Mailbox(ctx, o.From)
		return r.report, inBackup(err)
	}
	return r.report, nil
}

// inBackup says of an error that it is not about what is here now.
func inBackup(err error) error {
	if err == nil {
		return nil
	}
	return &mail.Error{Kind: mail.KindOf(err), Text: "in the backup: " + mail.Text(err), Err: err}
}

func sameMailbox(a, b string) bool {
	return a == b || strings.EqualFold(a, "INBOX") && strings.EqualFold(b, "INBOX")
}

type restorer struct {
	ctx      context.Context
	from, to admin.Service
	o        RestoreOptions
	report   *RestoreReport
}

// target returns what a mailbox of the backup becomes, if it is wanted.
func (r *restorer) target(name string) (string, bool) {
	from, into := r.o.From.Name, r.o.Into.Name
	rest := ""
	switch {
	case from == "":
		if rest = name; into != "" {
			rest = "/" + name
		}
		return into + rest, true
	case sameMailbox(name, from):
	case r.o.Beneath && strings.HasPrefix(name, from+"/"):
		rest = name[len(from):]
	default:
		return "", false
	}
	if into == "" {
		into = from
	}
	return into + rest, true
}

func (r *restorer) selective() bool {
	return !r.o.Since.IsZero() || !r.o.Before.IsZero() || len(r.o.MessageIDs) > 0
}

type octetSum [sha256.Size]byte

// folder brings back what is missing of one mailbox.
func (r *restorer) folder(name, target string, exists bool) error {
	source := admin.MailboxName{Owner: r.o.From.Owner, Name: name}
	box := admin.MailboxName{Owner: r.o.Into.Owner, Name: target}
	sums := map[uint32]octetSum{}
	if err := r.from.Export(r.ctx, source, func(m admin.Message) error { return r.choose(m, sums) }); err != nil {
		return inBackup(err)
	}
	if len(sums) == 0 && (exists || r.selective()) {
		return nil
	}
	have := map[octetSum]int{}
	if exists && len(sums) > 0 {
		err := r.to.Export(r.ctx, box, func(m admin.Message) error {
			h := sha256.New()
			_, err := io.Copy(h, m.Body)
			have[octetSum(h.Sum(nil))]++
			return err
		})
		if err != nil {
			return err
		}
	}
	report := FolderReport{Source: name, Mailbox: target}
	before := r.report.Messages
	done, err := r.to.Import(r.ctx, box, r.missing(source, sums, have, &report), func(d admin.Imported) {
		if r.o.Progress != nil {
			r.o.Progress(before + d.Messages)
		}
	})
	report.Messages = done.Messages
	r.report.Messages += done.Messages
	r.report.Known += report.Known
	r.report.Octets += done.Octets
	r.report.Skipped = append(r.report.Skipped, done.Skipped...)
	r.report.Folders = append(r.report.Folders, report)
	return err
}

// choose keeps the sum of a message that is wanted.
func (r *restorer) choose(m admin.Message, sums map[uint32]octetSum) error {
	if !r.o.Since.IsZero() && m.Date.Before(r.o.Since) || !r.o.Before.IsZero() && !m.Date.Before(r.o.Before) {
		return nil
	}
	h := sha256.New()
	var head header
	if _, err := io.Copy(io.MultiWriter(h, &head), m.Body); err != nil {
		return err
	}
	if len(r.o.MessageIDs) > 0 && !head.is(r.o.MessageIDs) {
		return nil
	}
	sums[m.UID] = octetSum(h.Sum(nil))
	return nil
}

var errEnough = errors.New("no more are wanted")

// missing yields the chosen messages that the target does not have.
func (r *restorer) missing(source admin.MailboxName, sums map[uint32]octetSum, have map[octetSum]int, report *FolderReport) iter.Seq2[admin.Message, error] {
	return func(yield func(admin.Message, error) bool) {
		if len(sums) == 0 {
			return
		}
		err := r.from.Export(r.ctx, source, func(m admin.Message) error {
			sum, ok := sums[m.UID]
			if !ok {
				return nil
			}
			if have[sum] > 0 {
				have[sum]--
				report.Known++
				return nil
			}
			m.UID = 0
			if !yield(m, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(admin.Message{}, inBackup(err))
		}
	}
}

// A header keeps the first 64 KiB that are written to it.
type header struct{ text []byte }

func (h *header) Write(p []byte) (int, error) {
	const most = 64 << 10
	h.text = append(h.text, p[:min(len(p), most-len(h.text))]...)
	return len(p), nil
}

// is tells whether one of ids, with or without angle brackets, is the Message-ID.
func (h *header) is(ids []string) bool {
	value, _ := message.FieldValue(h.text, "Message-ID")
	own := message.ParseMessageIDs(value)
	return len(own) > 0 && slices.ContainsFunc(ids, func(id string) bool { return strings.Trim(id, " <>") == own[0] })
}
