package admin

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"poststube/mail"
)

// suggest adds to the error about a mailbox that is not there which one may have
// been meant. Only the administrator is told: it discloses what there is.
func (l *Local) suggest(ctx context.Context, err error, owner, name string) error {
	if mail.KindOf(err) != mail.NotFound {
		return err
	}
	boxes, listErr := l.Mailboxes(ctx, owner)
	if listErr != nil {
		return err
	}
	names := make([]string, len(boxes))
	for i, b := range boxes {
		names[i] = b.Name
	}
	return meant(err, name, names)
}

// near is suggest for a place, unless somebody else's rights are asked for, who
// may not know the other names.
func (l *Local) near(ctx context.Context, p Place, err error) error {
	if err == nil || p.As != "" || p.Path == "" {
		return err
	}
	return l.suggest(ctx, err, p.Owner, p.Path)
}

// suggestName is suggest for the name of a person or group.
func (l *Local) suggestName(ctx context.Context, err error, name string) error {
	if mail.KindOf(err) != mail.NotFound {
		return err
	}
	var names []string
	for p, err := range l.Directory.List(ctx) {
		if err != nil {
			break
		}
		if names = append(names, p.Name); len(names) == maxCandidates {
			break
		}
	}
	return meant(&mail.Error{Kind: mail.NotFound, Text: fmt.Sprintf("there is nobody called %q here", name)}, name, names)
}

// maxCandidates bounds the work for somebody who has mistyped.
const maxCandidates = 10000

// Nearest returns that of names for which name may be a slip: "" if none is near.
func Nearest(name string, names []string) string {
	best, least := "", 1+utf8.RuneCountInString(name)/3
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n), least); d <= least && (best == "" || d < least) {
			best, least = n, d
		}
	}
	return best
}

// meant appends the nearest of names, if one is near.
func meant(err error, name string, names []string) error {
	best := Nearest(name, names)
	if best == "" {
		return err
	}
	return &mail.Error{Kind: mail.KindOf(err), Text: fmt.Sprintf("%s: did you mean %q?", mail.Text(err), best)}
}

// distance returns how many letters must be put in, taken out, replaced or
// swapped with their neighbour to make b of a; anything above most is as good
// as most+1.
func distance(a, b string, most int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > most || len(y)-len(x) > most {
		return most + 1
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
