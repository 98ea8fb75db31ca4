package main

import (
	"fmt"
	"strings"

	"poststube/acl"
	"poststube/admin"
)

// words says in the user's language what letters of rights allow.
func (a *app) words(letters string) string {
	r, err := acl.ParseRights(letters, acl.Supported)
	if err != nil {
		return letters
	}
	if a.german {
		return r.GermanWords()
	}
	return r.Words()
}

// whyText writes an explanation in sentences that need no letters.
func (a *app) whyText(w admin.Why, mailbox string) (lines []string) {
	say := func(t text, args ...any) { lines = append(lines, fmt.Sprintf(a.t(t), args...)) }
	say(text{"In %s %s may %s.", "In %s darf %s: %s."}, mailbox, w.Person, a.words(w.Rights))
	if w.Mount != "" {
		say(text{"- It is %s, which %s has mounted as %s.", "- Es ist %s, bei %s eingehängt als %s."}, w.Original, w.Person, w.Mount)
	}
	if w.Always != "" {
		say(text{"- It belongs to %s, who may always %s.", "- Es gehört %s; das erlaubt immer: %s."}, w.Person, a.words(w.Always))
	}
	for _, r := range w.Reasons {
		lines = append(lines, "- "+a.reasonText(w.Person, r))
	}
	if len(w.Reasons) == 0 && w.Always == "" {
		say(text{"- No entry is about %s.", "- Kein Eintrag meint %s."}, w.Person)
	}
	if len(w.Others) > 0 {
		say(text{"- These entries are about others: %s.", "- Diese Einträge meinen andere: %s."}, strings.Join(w.Others, ", "))
	}
	return lines
}

// reasonText writes one sentence about one entry.
func (a *app) reasonText(person string, r admin.Reason) string {
	name, negative := strings.CutPrefix(r.Identifier, "-")
	who := a.t(text{"the entry for %s", "der Eintrag für %s"})
	if negative {
		who = a.t(text{"the entry against %s", "der Eintrag gegen %s"})
	}
	who = strings.ToUpper(who[:1]) + fmt.Sprintf(who[1:], name)
	switch {
	case r.At == "":
		who += a.t(text{", which holds everywhere", ", der überall gilt,"})
	case r.Inherited:
		who += fmt.Sprintf(a.t(text{" at %s, above it", " bei %s, darüber,"}), r.At)
	default:
		who += a.t(text{" made here", " hier"})
	}
	if chain := a.chain(person, r.Via); chain != "" {
		who += chain
	}
	switch {
	case r.Hidden:
		return who + a.t(text{" does not count: there is a nearer one for the same.", " zählt nicht: Es gibt einen näheren für dasselbe."})
	case negative && r.Effect == "":
		return who + a.t(text{" takes nothing that was granted.", " nimmt nichts, was gewährt wäre."})
	case negative:
		return who + fmt.Sprintf(a.t(text{" takes away: %s. What is taken no other entry gives back.",
			" nimmt: %s. Was genommen ist, gibt kein anderer Eintrag zurück."}), a.words(r.Effect))
	case r.Rights == "":
		return who + a.t(text{" grants nothing.", " gewährt nichts."})
	case r.Effect == "":
		return who + a.t(text{" grants nothing that another does not.", " gewährt nichts, was nicht ein anderer schon gewährt."})
	}
	return who + fmt.Sprintf(a.t(text{" grants: %s.", " gewährt: %s."}), a.words(r.Effect))
}

// chain says through which groups an entry means a person.
func (a *app) chain(person string, via []string) string {
	if len(via) == 0 {
		return ""
	}
	if len(via) == 1 {
		return fmt.Sprintf(a.t(text{" (%s is in %s)", " (%s ist in %s)"}), person, via[0])
	}
	return fmt.Sprintf(a.t(text{" (%s is in %s, which is in %s)", " (%s ist in %s, das in %s ist)"}), person, via[0], strings.Join(via[1:], a.t(text{", which is in ", ", das in "})))
}
