package promises

import (
	"fmt"
	"iter"
	"strings"

	"poststube/admin"
	"poststube/mail"
	"poststube/uidset"
)

// administer does what the command line does for a client.
func administer(s admin.Service, user string, o op) (got outcome, err error) {
	switch o.kind {
	case "undelete":
		var done admin.Undeleted
		done, err = s.Undelete(background, admin.Undelete{Place: admin.Place{Owner: user, Path: o.folder}, UIDs: set(o.uids)})
		if err == nil && done.To != "" {
			var uids uidset.Set
			uids, err = uidset.Parse(done.To)
			got.uids = list(uids)
		}
	case "import":
		var done admin.Imported
		done, err = s.Import(background, admin.MailboxName{Owner: user, Name: o.folder}, source(o), nil)
		for uid := done.FirstUID; err == nil && uid != 0 && uid <= done.LastUID; uid++ {
			got.uids = append(got.uids, uid)
		}
	default:
		err = fmt.Errorf("no command %q", o.kind)
	}
	return got, refusal(err)
}

// source is the messages of an import. They say where they come from, so that an
// import that was cut off can be repeated.
func source(o op) iter.Seq2[admin.Message, error] {
	return func(yield func(admin.Message, error) bool) {
		for _, subject := range imported(o) {
			if !yield(admin.Message{Flags: strings.Fields(o.flag), Source: subject, Body: strings.NewReader(text(subject))}, nil) {
				return
			}
		}
	}
}

// refusal tells an error that the server is gone from all others.
func refusal(err error) error {
	if err == nil || mail.KindOf(err) == mail.Unavailable {
		return err
	}
	return fmt.Errorf("%w: %w", errRefused, err)
}
