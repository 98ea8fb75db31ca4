package acl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/xdg-go/stringprep"
)

// A Kind is the kind of person or people that an entry is about. The numbers
// are stored on disk.
type Kind uint8

// The kinds of identifiers.
const (
	User          Kind = 1 // one person
	Group         Kind = 2 // the members of a group, also of groups within it
	Owner         Kind = 3 // whoever owns the mailbox
	Authenticated Kind = 4 // everyone who logged in, but not anonymously
	Anonymous     Kind = 5 // who logged in anonymously
	Anyone        Kind = 6 // all of them (RFC 4314 section 2)
)

// reserved are the identifiers that are no names; the directory gives them to
// nobody.
var reserved = map[string]Kind{
	"owner": Owner, "authenticated": Authenticated, "anonymous": Anonymous, "anyone": Anyone,
}

// Reserved reports whether name can't be the name of a person or a group, since
// it is an identifier of its own.
func Reserved(name string) bool { return reserved[strings.ToLower(name)] != 0 }

// An Identifier is an access identifier as people write it.
type Identifier struct {
	Kind     Kind
	Negative bool   // "-" before it: the entry takes rights away
	Name     string // of the person or the group, else ""
}

// ErrIdentifier is the kind of every error of ParseIdentifier. RFC 4314 section
// 3 wants it answered with BAD.
var ErrIdentifier = errors.New("bad access identifier")

// ParseIdentifier reads "anna", "anna@example.org", "user:anna", "group:sales",
// "$sales", "anyone", "anonymous", "authenticated" or "owner", each also with
// "-" before it. The text is prepared by SASLprep first (RFC 4314 section 3,
// RFC 4013), and so is the name that it returns. Whether there is such a person
// or group is not known here.
func ParseIdentifier(text string) (Identifier, error) {
	prepared, err := stringprep.SASLprep.Prepare(text)
	if err != nil {
		return Identifier{}, fmt.Errorf("%w: %q holds characters that no name may have", ErrIdentifier, text)
	}
	var id Identifier
	rest := prepared
	if after, ok := strings.CutPrefix(rest, "-"); ok {
		id.Negative, rest = true, after
	}
	if kind := reserved[strings.ToLower(rest)]; kind != 0 {
		id.Kind = kind
		return id, nil
	}
	id.Kind, id.Name = User, rest
	if prefix, name, ok := strings.Cut(rest, ":"); ok {
		switch strings.ToLower(prefix) {
		case "user":
			id.Name = name
		case "group":
			id.Kind, id.Name = Group, name
		default:
			return Identifier{}, fmt.Errorf("%w: %q begins neither with group: nor with user:", ErrIdentifier, text)
		}
	} else if name, ok := strings.CutPrefix(rest, "$"); ok {
		id.Kind, id.Name = Group, name
	}
	switch {
	case id.Name == "":
		return Identifier{}, fmt.Errorf("%w: %q has no name in it", ErrIdentifier, text)
	case Reserved(id.Name), strings.ContainsAny(id.Name[:1], "-$"), strings.Contains(id.Name, ":"):
		return Identifier{}, fmt.Errorf("%w: %q is not a name in %q", ErrIdentifier, id.Name, text)
	}
	return id, nil
}

// The two ways to write a group. Clients recognise groups by one of them:
// Roundcube by the first, SOGo by the second.
const (
	GroupPrefix  = "group:"
	DollarPrefix = "$"
)

// String returns the identifier with groups as "group:sales".
func (id Identifier) String() string { return id.Format(GroupPrefix) }

// Format returns the identifier with groupPrefix before the name of a group.
func (id Identifier) Format(groupPrefix string) string {
	text := id.Name
	switch id.Kind {
	case Group:
		text = groupPrefix + id.Name
	case Owner:
		text = "owner"
	case Authenticated:
		text = "authenticated"
	case Anonymous:
		text = "anonymous"
	case Anyone:
		text = "anyone"
	}
	if id.Negative {
		return "-" + text
	}
	return text
}

// Who returns the identifier as it is stored, with the directory's id for its
// name. The id is left out where there is no name.
func (id Identifier) Who(directoryID uint32) Who {
	w := Who{Kind: id.Kind, Negative: id.Negative, ID: directoryID}
	if !w.Named() {
		w.ID = 0
	}
	return w
}

// Who is an identifier as it is stored: people and groups by the id that the
// directory gave them and never gives again. It is comparable; "-anna" is
// another Who than "anna", as RFC 4314 section 3.2 has it.
type Who struct {
	Kind     Kind
	Negative bool
	ID       uint32 // of a User or a Group, else 0
}

// Named reports whether w is a person or a group of the directory.
func (w Who) Named() bool { return w.Kind == User || w.Kind == Group }

// Identifier returns w as people write it, given the name for its id.
func (w Who) Identifier(name string) Identifier {
	if !w.Named() {
		name = ""
	}
	return Identifier{Kind: w.Kind, Negative: w.Negative, Name: name}
}
