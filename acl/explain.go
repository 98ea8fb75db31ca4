package acl

import (
	"fmt"
	"slices"
)

// An Explanation tells where the rights of a person in a mailbox come from.
type Explanation struct {
	Rights  Rights
	Reasons []Reason
}

// A Reason is one entry that is about the person, and what became of it.
type Reason struct {
	Entry
	// Level is where the entry stands: 0 for the mailbox itself, 1 for its
	// parent, and so on.
	Level int
	// Hidden is set if an entry for the same identifier nearer to the mailbox
	// holds instead. It stands at level HiddenBy.
	Hidden   bool
	HiddenBy int
	// Grants are the rights that the person has by this entry.
	Grants Rights
	// Loses are the rights of this entry that a negative one takes away.
	Loses Rights
	// Takes are the rights that this negative entry takes away from others
	// that grant them. Zero if it is not negative.
	Takes Rights
	// Rule is set for the reason that is no entry: OwnerAlways, to the extent
	// that the list does not grant it.
	Rule bool
}

// Explain tells why s has which rights under a chain of lists: that of the
// mailbox itself first, then that of its parent, up to the root of the tree and
// Default. Rights is what Effective says of the inherited lists.
func Explain(chain []List, s Subject) Explanation {
	var x Explanation
	shown := map[Who]int{} // the level at which an identifier was met first
	var granted, taken Rights
	for level, list := range chain {
		for _, e := range list {
			if !s.Matches(e.Who) {
				continue
			}
			r := Reason{Entry: e, Level: level}
			by, hidden := shown[e.Who]
			if hidden {
				r.Hidden, r.HiddenBy = true, by
			} else {
				shown[e.Who] = level
				if e.Who.Negative {
					taken |= e.Rights
				} else {
					granted |= e.Rights
				}
			}
			x.Reasons = append(x.Reasons, r)
		}
	}
	x.Rights = granted &^ taken
	for i := range x.Reasons {
		r := &x.Reasons[i]
		switch {
		case r.Hidden:
		case r.Who.Negative:
			r.Takes = r.Rights & granted
		default:
			r.Grants = r.Rights &^ taken
			r.Loses = r.Rights & taken
		}
	}
	if s.IsOwner {
		if rest := OwnerAlways &^ x.Rights; rest != None {
			x.Reasons = append(x.Reasons, Reason{Entry: Entry{Who{Kind: Owner}, rest}, Grants: rest, Rule: true})
			x.Rights |= rest
		}
	}
	// What decides comes before what is hidden.
	slices.SortStableFunc(x.Reasons, func(a, b Reason) int { return compareBool(a.Hidden, b.Hidden) })
	return x
}

// Of returns the reasons for one right: the entries that grant it, those that
// take it away, and those that would grant it if it were not taken.
func (x Explanation) Of(right Rights) []Reason {
	var of []Reason
	for _, r := range x.Reasons {
		if (r.Grants | r.Loses | r.Takes).HasAny(right) {
			of = append(of, r)
		}
	}
	return of
}

// Sentences returns one sentence for each reason, for people who know no
// letters. name returns what an identifier is called, for example "the group
// sales", and place what the mailbox at a level is, for example "the folder
// Inbox/2026".
func (x Explanation) Sentences(name func(Who) string, place func(level int) string) []string {
	out := make([]string, 0, len(x.Reasons)+1)
	for _, r := range x.Reasons {
		out = append(out, r.sentence(name, place))
	}
	if len(out) == 0 {
		out = append(out, "No entry is about this person, so nothing is allowed.")
	}
	return out
}

func (r Reason) sentence(name func(Who) string, place func(level int) string) string {
	who := r.Who
	who.Negative = false
	about := fmt.Sprintf("The entry for %s on %s", name(who), place(r.Level))
	if r.Who.Negative {
		about = fmt.Sprintf("The negative entry for %s on %s", name(who), place(r.Level))
	}
	switch {
	case r.Rule:
		return fmt.Sprintf("The owner can always %s, whatever the entries say.", r.Grants.Words())
	case r.Hidden:
		return fmt.Sprintf("%s does not count: %s has an entry of its own for %s.", about, place(r.HiddenBy), name(who))
	case r.Who.Negative && r.Takes == None:
		return about + " takes nothing away, since nothing of it is granted."
	case r.Who.Negative:
		return fmt.Sprintf("%s forbids to %s.", about, r.Takes.Words())
	case r.Rights == None:
		return about + " allows nothing."
	case r.Loses == None:
		return fmt.Sprintf("%s allows to %s.", about, r.Grants.Words())
	case r.Grants == None:
		return fmt.Sprintf("%s would allow to %s, but a negative entry forbids it.", about, r.Loses.Words())
	}
	return fmt.Sprintf("%s allows to %s; it would also allow to %s, but a negative entry forbids that.",
		about, r.Grants.Words(), r.Loses.Words())
}
