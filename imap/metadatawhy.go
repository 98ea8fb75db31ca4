package imap

import (
	"fmt"
	"slices"
	"strings"

	"poststube/mail"
)

// annotations returns the annotations of a mailbox that a request can be about:
// those that are stored and, if it is named, the one that explains the user's
// rights.
func (s *session) annotations(mailbox string, r *metadataRequest) ([]mail.MetadataEntry, error) {
	all, err := s.user.Metadata(s.ctx, mailbox)
	if err != nil || mailbox == "" || !slices.Contains(r.entries, mail.WhyEntry) {
		return all, err
	}
	x, err := s.user.Why(s.ctx, mailbox, s.user.Principal())
	if err != nil {
		return nil, err
	}
	return append(all, mail.MetadataEntry{Name: mail.WhyEntry, Value: []byte(strings.Join(sentences(x), "\r\n"))}), nil
}

// sentences explains what the user may do in a mailbox, one sentence for each
// entry that means the user.
func sentences(x *mail.Explanation) []string {
	list := []string{fmt.Sprintf("You may %s.", x.Rights.Words())}
	if x.Mount != "" {
		list = append(list, fmt.Sprintf("It is %s, mounted as %s.", x.Original, x.Mount))
	}
	if x.Always != 0 {
		list = append(list, fmt.Sprintf("It is yours, so you may always %s.", x.Always.Words()))
	}
	for _, r := range x.Reasons {
		list = append(list, sentenceOf(&r))
	}
	return list
}

func sentenceOf(r *mail.Reason) string {
	id := r.Identifier
	about := "The entry for "
	if id.Negative {
		about, id.Negative = "The entry against ", false
	}
	about += id.String()
	switch {
	case r.Default:
		about += ", which holds everywhere,"
	case r.Inherited:
		about += " at " + r.At
	default:
		about += " here"
	}
	if n := len(r.Via); n > 0 {
		about += " (you are in " + strings.Join(r.Via, ", which is in ") + ")"
	}
	switch {
	case r.Hidden:
		return about + " does not count, since there is a nearer one."
	case r.Identifier.Negative && r.Effect == 0:
		return about + " takes nothing that was granted."
	case r.Identifier.Negative:
		return about + " forbids you to " + r.Effect.Words() + ", whatever else is granted."
	case r.Effect == 0:
		return about + " grants nothing that another one does not."
	}
	return about + " allows you to " + r.Effect.Words() + "."
}
