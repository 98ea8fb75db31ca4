package promises

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// A generator makes up the commands of one client.
type generator struct {
	*rand.Rand
	prefix string   // of its mailboxes
	others []string // who may be given rights
	serial int
}

// kinds are all commands, the more often the more often people give them.
var kinds = []string{
	"append", "append", "append", "append", "store", "store", "store", "copy", "copy", "move", "move", "expunge", "expunge",
	"replace", "undelete", "undelete", "import", "annotate", "annotate", "setacl", "create", "rename", "delete",
}

// onMessages are the commands for folders of others, needUIDs those that are about
// certain messages.
var (
	onMessages = []string{"append", "store", "copy", "move", "expunge", "replace"}
	needUIDs   = map[string]bool{"store": true, "copy": true, "move": true, "expunge": true, "replace": true, "undelete": true}
)

const (
	maxFolders  = 5
	maxMessages = 25
)

// next makes up a command that must succeed.
func (g *generator) next(s store) op {
	names := slices.Sorted(maps.Keys(s))
	folder := names[g.IntN(len(names))]
	own := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return s[n].foreign })
	if len(own) < 2 {
		return op{kind: "create", folder: g.name()}
	}
	o := op{kind: kinds[g.IntN(len(kinds))], folder: folder}
	f := s[folder]
	if len(f.messages) > maxMessages { // old ones go, so that no round is slower than the last
		return g.shrink(o, f)
	}
	if f.foreign && !slices.Contains(onMessages, o.kind) {
		return g.next(s)
	}
	switch o.kind {
	case "append":
		o.subject, o.flag = g.subject(), g.pick("", `\Flagged`, `\Seen todo`)
	case "store":
		o.uids, o.flag, o.add = g.some(f), g.pick(`\Seen`, `\Flagged`, `\Deleted`, `\Deleted`, `\Answered`, "todo"), g.IntN(3) > 0
	case "replace":
		if o.uids = g.some(f); len(o.uids) > 0 {
			o.uids, o.to, o.subject, o.flag = o.uids[:1], names[g.IntN(len(names))], g.subject(), g.pick("", `\Seen`, "todo")
		}
	case "undelete":
		o.uids = g.restorable(f)
	case "import":
		o.subject, o.flag = g.subject(), g.pick("", `\Seen`, `\Flagged todo`)
	case "annotate":
		o.who, o.flag = g.pick("/shared/comment", "/private/comment", "/private/vendor/example/colour", policyEntry), g.pick("", g.name())
		if o.who == policyEntry { // only with flags that nobody sets: what others would look like is another story
			o.flag = g.pick("", `\Seen`, `\Seen \Draft`)
		}
	case "copy", "move":
		o.uids, o.to = g.some(f), names[g.IntN(len(names))]
		if o.to == folder && o.kind == "move" {
			o.kind = "copy"
		}
	case "expunge":
		o.uids = g.some(f)
	case "setacl":
		if strings.Contains(folder, "/") { // it inherits, which is another story
			return g.next(s)
		}
		o.who, o.rights = g.pick(g.others...), g.pick("", "lr", "lrs", "lrsw")
	case "create":
		if len(own) >= maxFolders {
			return g.next(s)
		}
		o.folder = g.name()
		if g.IntN(2) == 0 && !strings.Contains(folder, "/") {
			o.folder = folder + "/" + g.name()
		}
	case "rename":
		o.to = g.name()
	case "delete":
		if len(own) <= 2 || slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, folder+"/") }) {
			return g.next(s)
		}
	}
	if needUIDs[o.kind] && len(o.uids) == 0 {
		return op{kind: "append", folder: folder, subject: g.subject()}
	}
	return o
}

// restorable returns a message to be had back, if there is one: while a copy of it
// is in the folder, it is not gone.
func (g *generator) restorable(f *folder) []uint32 {
	there := map[string]bool{}
	for _, m := range f.messages {
		there[m.subject] = true
	}
	for _, uid := range slices.Sorted(maps.Keys(f.gone)) {
		if !there[f.gone[uid].subject] && g.IntN(3) == 0 {
			return []uint32{uid}
		}
	}
	return nil
}

// shrink marks old messages or removes those marked.
func (g *generator) shrink(o op, f *folder) op {
	uids := slices.Sorted(maps.Keys(f.messages))[:maxMessages/2]
	o.kind, o.uids, o.flag, o.add = "store", uids, `\Deleted`, true
	if slices.ContainsFunc(uids, func(uid uint32) bool { return strings.Contains(f.messages[uid].flags, `\Deleted`) }) {
		o.kind = "expunge"
	}
	return o
}

// name returns one that no mailbox of this client ever had.
func (g *generator) name() string {
	g.serial++
	return fmt.Sprintf("%s%d", g.prefix, g.serial)
}

// subject returns one that no message ever had.
func (g *generator) subject() string {
	g.serial++
	return fmt.Sprintf("%sm%d", g.prefix, g.serial)
}

func (g *generator) pick(words ...string) string { return words[g.IntN(len(words))] }

// some returns a few UIDs of a folder in order.
func (g *generator) some(f *folder) []uint32 {
	uids := slices.Sorted(maps.Keys(f.messages))
	if len(uids) == 0 {
		return nil
	}
	at := g.IntN(len(uids))
	return uids[at:min(len(uids), at+1+g.IntN(4))]
}

// text is the message of a subject; some are so large that they are not kept in
// the log of the store but in files.
func text(subject string) string {
	body := "From: load@example.com\r\nSubject: " + subject + "\r\n\r\nhello " + subject + "\r\n"
	if strings.HasSuffix(subject, "7") {
		body += strings.Repeat(strings.Repeat("k", 98)+"\r\n", 700)
	}
	return body
}

// subjectOf is text's inverse; it fails for what is not whole.
func subjectOf(octets string) (string, error) {
	if !strings.Contains(octets, "From: load@") && strings.Contains(octets, "\" with you\r\n") {
		return "an announcement", nil // by the server, of a mailbox that is shared
	}
	_, rest, _ := strings.Cut(octets, "\r\nSubject: ")
	subject, _, _ := strings.Cut(rest, "\r\n")
	if _, own, ok := strings.Cut(octets, "From: load@"); !ok || "From: load@"+own != text(subject) {
		return "", fmt.Errorf("a message of %d octets is not whole; its subject is %q", len(octets), subject)
	}
	return subject, nil
}
