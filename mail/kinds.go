package mail

import (
	"encoding/binary"
	"fmt"

	"poststube/directory"
	"poststube/uidset"
)

// A recordKind is one kind of what is stored, as verify and repair see it: what
// its key must be like and whether its value can be read. checkRecord knows them
// all, and a test holds the list against the tables of keys.go.
type recordKind struct {
	name string
	// key is how long the key is after the table's octet, or -key at least.
	key int
	// read decodes a value; nil stands for values that are empty.
	read func(value []byte) error
}

// numbered tells whether a key begins with the number of a mailbox.
func numbered(table byte) bool {
	switch table {
	case tableCounters, tableDelivered, tableImported, tableKeywords, tableLog, tablePrivateLog, tableMetadata, tablePrivate, tableMessage, tableBlock:
		return true
	}
	return false
}

var ownerKinds = map[byte]recordKind{
	tableOwner:        {"account", 0, func(v []byte) error { _, err := decodeOwner(v); return err }},
	tableAdopted:      {"UIDVALIDITY of another server", 4, sized(4)},
	tableDelivered:    {"delivery", 4 + len(Identity{}), sized(12)},
	tableCounters:     {"counters", 4, func(v []byte) error { _, err := decodeCounters(v); return err }},
	tableEmail:        {"email", 8, readEmail},
	tableImported:     {"import", 4 + len(SourceHash{}), nil},
	tableKeywords:     {"keywords", 4, func(v []byte) error { _, err := decodeKeywords(v); return err }},
	tableLog:          {"change log", 12, func(v []byte) error { return new(logEntry).decode(v) }},
	tablePrivateLog:   {"private change log", 16, func(v []byte) error { _, _, err := uidset.ParseBinary(v); return err }},
	tableMailbox:      {"mailbox", 4, func(v []byte) error { _, err := decodeNode(0, v); return err }},
	tableMetadata:     {"annotation", -9, func([]byte) error { return nil }},
	tableNoteLog:      {"log of annotations", 12, func(v []byte) error { return new(noteLog).decode(v) }},
	tablePrivate:      {"private flags", 12, func(v []byte) error { return new(block).decode(v) }},
	tableQuota:        {"quota", 0, func(v []byte) error { _, err := decodeQuota(v); return err }},
	tablePlace:        {"place of an email", 16, nil},
	tableSubscribed:   {"subscription", 8, sized(1)},
	tableSubscription: {"subscribed name", -1, nil},
	tableThread:       {"thread", 8, func(v []byte) error { d := dec{b: v}; d.u(); return d.err() }},
	tableMessage:      {"message", 8, func(v []byte) error { return new(messageRecord).decode(v) }},
	tableBlock:        {"flags", 8, func(v []byte) error { return new(block).decode(v) }},
}

// sharedKinds are those that belong to no one owner, by their first octet.
var sharedKinds = map[byte]recordKind{
	globalPrefix:  {"engine", -1, func([]byte) error { return nil }},
	bodyPrefix:    {"octets", -9, func([]byte) error { return nil }},
	blobRefPrefix: {"use of a file", 20, nil},
	reversePrefix: {"share", 13, nil},
}

func sized(n int) func([]byte) error {
	return func(v []byte) error {
		if len(v) != n {
			return errRecord
		}
		return nil
	}
}

func readEmail(v []byte) error {
	e, err := decodeEmail(v)
	if err != nil {
		return err
	}
	if e.where != bodyInStore && e.where != bodyInBlob {
		return errRecord
	}
	return e.keys(new(emailKeys))
}

// kindOf returns what kind of record lies under a key, and the rest of the key.
// Records of other packages are unknown.
func kindOfKey(key []byte) (k recordKind, rest []byte, ok bool) {
	if key[0] != ownerPrefix {
		k, ok = sharedKinds[key[0]]
		return k, key[1:], ok
	}
	if len(key) < 6 {
		return k, nil, false
	}
	k, ok = ownerKinds[key[5]]
	return k, key[6:], ok
}

// foreign tells whether a key belongs to another package, which checks it itself.
func foreign(key []byte) bool { return key[0] == 'd' || key[0] == 's' }

// checkRecord tells what is wrong with a record by itself, or returns "".
func checkRecord(key, value []byte) string {
	if foreign(key) {
		return ""
	}
	k, rest, ok := kindOfKey(key)
	switch {
	case !ok:
		return "is of no known kind"
	case k.key >= 0 && len(rest) != k.key, k.key < 0 && len(rest) < -k.key:
		return "has a damaged key"
	case k.read == nil && len(value) != 0:
		return "has a value where none belongs"
	case k.read != nil && k.read(value) != nil:
		return "cannot be read"
	}
	return ""
}

// placeOf tells whose a record is, as far as its key says.
func placeOf(key []byte) (p Problem) {
	if key[0] != ownerPrefix || len(key) < 6 {
		return p
	}
	p.Owner = directory.ID(binary.BigEndian.Uint32(key[1:]))
	if rest := key[6:]; numbered(key[5]) && len(rest) >= 4 {
		p.Mailbox = binary.BigEndian.Uint32(rest)
		if key[5] == tableMessage && len(rest) == 8 {
			p.UID = suffix32(rest)
		}
	}
	return p
}

// nameRecord is what a report calls a record.
func nameRecord(key []byte) string {
	k, rest, ok := kindOfKey(key)
	switch {
	case key[0] == 'd':
		return fmt.Sprintf("record %q of the directory", key)
	case key[0] == 's':
		return fmt.Sprintf("record %x of the search index", key)
	case !ok:
		return fmt.Sprintf("record %x", key)
	}
	return fmt.Sprintf("record %q %x", k.name, rest)
}
