package directory

import "context"

// Passwords answer whether a password is right. The built-in implementation is
// the store's own credentials (stored); a Source is another.
type Passwords interface {
	// Check tells whether a password lets in the person with a key. The error
	// says that it cannot be told now, and nothing about the password. A key
	// that leads to nobody is no error, and must cost as much as one that
	// does.
	Check(ctx context.Context, key, password string) (bool, error)
}

// A Source is another directory that people and groups come from, an LDAP server
// for example. Sync takes them over, so that they have an ID, receive mail, and
// can be given rights like any others; passwords stay with the source.
//
// A key is what the source calls somebody for ever, through changes of the name,
// and unlike anybody else in the source.
type Source interface {
	Passwords
	// Name is short and stays: people that came under another name of the
	// source are not its own.
	Name() string
	// Roster returns everybody. An error means that it is not known.
	Roster(ctx context.Context) (Roster, error)
}

// A Roster is everybody whom a source knows.
type Roster struct {
	People []SourcePerson
	Groups []SourceGroup
}

// A SourcePerson is a person as a source knows them.
type SourcePerson struct {
	Key       string
	Name      string   // to log in with, and to share with
	Addresses []string // for which the person receives, besides the name
}

// A SourceGroup is a group as a source knows it.
type SourceGroup struct {
	Key       string
	Name      string
	Addresses []string
	Members   []string // keys of people and groups; others are ignored
}

// Synced is what a Sync has changed.
type Synced struct {
	People int `json:"people"` // that the source has now
	Groups int `json:"groups"`

	Added   []string `json:"added,omitempty"`   // names
	Renamed []string `json:"renamed,omitempty"` // "old -> new"
	Gone    []string `json:"gone,omitempty"`
	Back    []string `json:"back,omitempty"`
	Joined  int      `json:"joined"` // memberships
	Left    int      `json:"left"`
	// Problems say, a sentence each, what could not be taken over.
	Problems []string `json:"problems,omitempty"`
}

// Changed tells whether anything is different now.
func (s *Synced) Changed() bool {
	return len(s.Added)+len(s.Renamed)+len(s.Gone)+len(s.Back)+s.Joined+s.Left > 0
}

// stored are the passwords that this directory keeps itself. A key is an id.
type stored struct{ *attempt }

// Check implements Passwords for the account of the attempt.
func (s stored) Check(ctx context.Context, _, password string) (bool, error) {
	prepared, err := preparePassword(password)
	if err != nil {
		prepared = "\x00" // nobody has such a password; do the work all the same
	}
	if s.d.logins.match(s.attempt, prepared) {
		return true, nil
	}
	return s.verifySlowly(ctx, prepared)
}
