package server

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"log/slog"
	"mime"
	"strings"
	"text/template"
	"time"

	"poststube/acl"
	"poststube/mail"
)

//go:embed announce_de.txt announce_en.txt
var announceTexts embed.FS

// An announcer tells people by a short mail that a mailbox was shared with them.
type announcer struct {
	language string
	text     *template.Template
	host     string
	log      *slog.Logger
	grants   chan mail.Grant
	done     chan struct{}
}

// pendingGrants is how many grants may wait to be told; beyond that they are not,
// since the mailboxes appear anyway.
const pendingGrants = 256

// newAnnouncer returns an announcer in a language, "de" or "en".
func newAnnouncer(language, host string, log *slog.Logger) (*announcer, error) {
	text, err := template.ParseFS(announceTexts, "announce_"+language+".txt")
	if err != nil {
		return nil, fmt.Errorf("sharing.language: %q is not \"de\" or \"en\"", language)
	}
	return &announcer{language: language, text: text, host: host, log: log, grants: make(chan mail.Grant, pendingGrants), done: make(chan struct{})}, nil
}

// tell takes a grant and returns at once.
func (a *announcer) tell(g mail.Grant) {
	select {
	case a.grants <- g:
	default:
		a.log.Warn("share not announced: too many at once", "by", g.By.Name)
	}
}

// run sends what tell takes, until Close.
func (a *announcer) run(engine *mail.Engine) {
	defer close(a.done)
	for g := range a.grants {
		for _, to := range g.To {
			if err := a.send(context.Background(), engine, g, to); err != nil {
				a.log.Warn("share not announced", "to", to.Person.Name, "err", err)
			}
		}
	}
}

// Close waits until all that was taken is sent. Nothing may be told after it.
func (a *announcer) Close() error {
	close(a.grants)
	<-a.done
	return nil
}

func (a *announcer) send(ctx context.Context, engine *mail.Engine, g mail.Grant, to mail.Grantee) error {
	text, err := a.compose(g, to, time.Now())
	if err != nil {
		return err
	}
	up, err := engine.Upload(ctx, bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return err
	}
	defer up.Discard()
	env := mail.Envelope{To: []string{to.Person.Name}, Origin: mail.Origin{Protocol: "announcement"}}
	return engine.Deliver(ctx, env, up)[0].Err
}

// words says in plain words what rights allow.
func (a *announcer) words(r acl.Rights) string {
	if a.language == "de" {
		return r.GermanWords()
	}
	return r.Words()
}

// compose writes the mail, with CRLF at the ends of its lines.
func (a *announcer) compose(g mail.Grant, to mail.Grantee, now time.Time) ([]byte, error) {
	var body strings.Builder
	var group string
	if len(to.Groups) > 0 {
		group = to.Groups[0].Name
	}
	err := a.text.Execute(&body, struct{ By, Name, Group, Rights string }{g.By.Name, to.Name, group, a.words(g.Rights)})
	if err != nil {
		return nil, err
	}
	subject, rest, _ := strings.Cut(body.String(), "\n")
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("From", "postmaster@"+a.host)
	header("To", mime.QEncoding.Encode("utf-8", to.Person.Name))
	header("Subject", mime.QEncoding.Encode("utf-8", subject))
	header("Date", now.Format(time.RFC1123Z))
	header("Message-ID", fmt.Sprintf("<share.%d.%d@%s>", now.UnixNano(), to.Person.ID, a.host))
	header("Auto-Submitted", "auto-generated")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "8bit")
	b.WriteString("\r\n")
	b.WriteString(strings.ReplaceAll(strings.TrimLeft(rest, "\n"), "\n", "\r\n"))
	return b.Bytes(), nil
}
