package acl

import (
	"fmt"
	"strings"
)

// A Preset is a set of rights with a name in plain words.
type Preset struct {
	Name     string // lower case, words joined by "-"
	Rights   Rights
	Exchange string // the permission level of Exchange that allows the same, or ""
	About    string // one sentence for people
}

// Presets returns all presets, from the least rights to the most. Those with a
// permission level grant what Microsoft's MS-OXCPERM lists for it, as far as it
// is about mail; beyond it they grant s (Exchange has no such right, everybody
// who reads may mark as read) and p to whoever may add messages.
func Presets() []Preset {
	const (
		read   = Lookup | Read | Seen
		insert = Insert | Post
		all    = read | Write | insert | Delete | Expunge
	)
	return []Preset{
		{"none", None, "None", "sees nothing"},
		{"contributor", Lookup | insert, "Contributor", "adds messages but does not read"},
		{"reader", read, "Reviewer", "reads"},
		{"nonediting-author", read | insert | OwnDelete, "NonEditingAuthor", "reads, adds, deletes what they added themselves"},
		{"author", read | insert | OwnWrite | OwnDelete, "Author", "reads, adds, changes and deletes what they added themselves"},
		{"publishing-author", read | insert | OwnWrite | OwnDelete | Create, "PublishingAuthor", "like author, and makes folders beneath"},
		{"editor", all, "Editor", "reads, adds, changes and deletes all messages"},
		{"publishing-editor", all | Create, "PublishingEditor", "like editor, and makes folders beneath"},
		{"manager", all | Create | DeleteMailbox, "", "like publishing-editor, and deletes and renames the folder"},
		{"owner", Full, "Owner", "may do everything, also decide who else may what"},
	}
}

// PresetByName returns the preset with a name or with the Exchange permission
// level of that name, in any case of the letters. Names of presets are not
// taken where rights are written as letters: "reader" is also a list of them.
func PresetByName(name string) (Preset, error) {
	var names []string
	for _, p := range Presets() {
		if strings.EqualFold(name, p.Name) || p.Exchange != "" && strings.EqualFold(name, p.Exchange) {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Preset{}, fmt.Errorf("there is no preset %q; there are %s", name, strings.Join(names, ", "))
}

// PresetOf returns the preset that grants exactly r. It reports false if there
// is none, which Exchange calls Custom.
func PresetOf(r Rights) (Preset, bool) {
	for _, p := range Presets() {
		if p.Rights == r {
			return p, true
		}
	}
	return Preset{}, false
}

// words say in plain English what each right allows, in the order of letters.
var words = [...]string{
	"see the folder",
	"read messages",
	"mark messages as read",
	"change other flags",
	"add messages",
	"send mail to the folder",
	"make folders beneath",
	"delete or rename the folder",
	"mark messages as deleted",
	"remove deleted messages for good",
	"decide who may do what",
	"write shared notes",
	"use right 0",
	"change flags of own messages",
	"delete own messages",
	"use right 3", "use right 4", "use right 5", "use right 6", "use right 7", "use right 8", "use right 9",
}

// german is words in German.
var german = [...]string{
	"den Ordner sehen",
	"Nachrichten lesen",
	"als gelesen markieren",
	"andere Kennzeichen ändern",
	"Nachrichten ablegen",
	"an den Ordner schreiben",
	"Unterordner anlegen",
	"den Ordner löschen oder umbenennen",
	"als gelöscht markieren",
	"Gelöschtes endgültig entfernen",
	"bestimmen, wer was darf",
	"gemeinsame Notizen schreiben",
	"Recht 0 nutzen",
	"eigene Nachrichten kennzeichnen",
	"eigene Nachrichten löschen",
	"Recht 3 nutzen", "Recht 4 nutzen", "Recht 5 nutzen", "Recht 6 nutzen", "Recht 7 nutzen", "Recht 8 nutzen", "Recht 9 nutzen",
}

// GermanWords is Words in German.
func (r Rights) GermanWords() string {
	switch r & every {
	case None:
		return "nichts"
	case Full, Supported:
		return "alles"
	}
	return r.join(german[:], " und ")
}

// Words returns what r allows in plain English, for example "see the folder,
// read messages and mark messages as read". No rights are "do
// nothing".
func (r Rights) Words() string {
	switch r & every {
	case None:
		return "do nothing"
	case Full, Supported:
		return "do everything"
	}
	return r.join(words[:], " and ")
}

// join lists what each right of r allows.
func (r Rights) join(words []string, and string) string {
	var list []string
	for i, word := range words {
		if r.HasAny(1 << i) {
			list = append(list, word)
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + and + list[len(list)-1]
}
