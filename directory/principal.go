package directory

import "strconv"

// An ID names a person or a group for ever. People and groups share one id
// space; an id is never given twice, even after its owner was removed, so
// rights and mail that hang on an id can never pass to a newcomer. 0 is nobody.
type ID uint32

// NoID is an ID that nobody ever gets.
const NoID = ^ID(0)

// Kind tells a person from a group.
type Kind uint8

// The kinds of a Principal.
const (
	Person Kind = 1
	Group  Kind = 2
)

// String returns "person" or "group".
func (k Kind) String() string {
	switch k {
	case Person:
		return "person"
	case Group:
		return "group"
	}
	return "kind " + strconv.Itoa(int(k))
}

// A Principal is somebody who can be granted rights: a person or a group. It
// is an immutable value; a later rename shows in values fetched later.
type Principal struct {
	ID   ID
	Kind Kind
	Name string // as CleanName returns it
}

// Topic returns the notify topic of id. It is published when the principal is
// added, renamed or removed, when the password of a person changes, and when
// the principal enters or leaves a group. A session that wants to know about
// changes of its own rights subscribes to the topics of its user and of all
// groups in GroupsOf, and subscribes anew when one of them wakes it.
func Topic(id ID) string {
	return "directory/" + strconv.FormatUint(uint64(id), 10)
}

// topicAll is published with every change; it keeps the caches of several
// nodes on one store equal.
const topicAll = "directory"
