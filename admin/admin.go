// Package admin is what an administrator can ask of a node: people, groups,
// mailboxes, moving mail in and out, checking the store. The command line is
// its user.
//
// Service is the whole of it. It has two implementations that behave the same,
// which a test holds: Local works on the store of its own process, Client asks
// a running server over its control socket, where Handler answers with a Local.
// So each command works while the server runs and while it is stopped.
package admin

import (
	"context"
	"io"
	"iter"
	"time"
)

// A Service does what an administrator asks for. Errors are *mail.Error with a
// kind and a sentence for the user. Names of people and groups are as the
// directory takes them, without regard to case; mailbox names are as their
// owner sees them.
type Service interface {
	Sharing
	Sessions
	Backups
	Moving
	Upkeep
	Sources

	// AddUsers adds people, all or, if one has a bad or taken name, none.
	// progress, if not nil, hears how many are stored.
	AddUsers(ctx context.Context, users []NewUser, progress func(done int)) ([]User, error)
	Users(ctx context.Context) ([]User, error)
	User(ctx context.Context, name string) (User, error)
	SetPassword(ctx context.Context, user NewUser) error
	RemoveUser(ctx context.Context, name string) error

	AddGroup(ctx context.Context, name string) error
	Groups(ctx context.Context) ([]Group, error)
	// Group returns one group, with the people who are in it by whatever way.
	Group(ctx context.Context, name string) (Group, error)
	RemoveGroup(ctx context.Context, name string) error
	AddMembers(ctx context.Context, change Membership) error
	RemoveMembers(ctx context.Context, change Membership) error

	Mailboxes(ctx context.Context, owner string) ([]Mailbox, error)
	Mailbox(ctx context.Context, box MailboxName) (Mailbox, error)
	// Subscribe changes which mailboxes the mail programs of a person show,
	// own and shared ones, as the person calls them.
	Subscribe(ctx context.Context, change Subscription) error
	CreateMailbox(ctx context.Context, box MailboxName) error
	DeleteMailbox(ctx context.Context, box MailboxName) error
	RenameMailbox(ctx context.Context, change Rename) error
	// Mounts returns a person's mounts, and SetMount makes, moves or removes
	// one, with the person's rights.
	Mounts(ctx context.Context, person string) ([]Mount, error)
	SetMount(ctx context.Context, change MountChange) error

	// Import appends the messages of src to a mailbox, which it makes if it
	// is not there, in batches that are each stored whole or not at all. An
	// error that src yields ends the import; what was stored before stays.
	// progress, if not nil, hears what is stored and durable so far.
	Import(ctx context.Context, box MailboxName, src iter.Seq2[Message, error], progress func(Imported)) (Imported, error)
	// Export calls visit for each message of a mailbox in the order of UIDs.
	// An error of visit ends it and is returned.
	Export(ctx context.Context, box MailboxName, visit func(Message) error) error

	// Check lets the store check itself, beside everything else, and calls
	// visit for each problem. It returns how much was looked at.
	Check(ctx context.Context, o CheckOptions, visit func(Problem) error) (Checked, error)
}

// A NewUser is a person with a password in clear. With an empty password nobody
// can log in as the person.
type NewUser struct {
	Name     string `json:"name"`
	Password string `json:"password"`
}

// A User is a person.
type User struct {
	Name   string   `json:"name"`
	Groups []string `json:"groups,omitempty"` // all, directly or through others
	// NoLogin: there is no password, so nobody can log in as the person.
	NoLogin bool `json:"no_login,omitempty"`
}

// A Group is a set of people and groups.
type Group struct {
	Name    string   `json:"name"`
	Members []string `json:"members"` // direct members; groups as "group:name"
	// People are all persons in it, also through other groups; only Service.Group
	// fills it in.
	People []string `json:"people,omitempty"`
}

// A Membership is a change of a group's direct members, people or groups.
type Membership struct {
	Group string   `json:"group"`
	Names []string `json:"names"`
}

// A MailboxName names a mailbox by its owner, a person or a group, and its name
// as the owner sees it.
type MailboxName struct {
	Owner string `json:"owner"`
	Name  string `json:"name"`
	// SpecialUse are attributes of RFC 6154, for CreateMailbox.
	SpecialUse []string `json:"special_use,omitempty"`
}

// A Subscription says whether a person's mail programs show a mailbox.
type Subscription struct {
	Owner string `json:"owner"` // who subscribes
	Name  string `json:"name"`
	On    bool   `json:"on"`
}

// A Rename gives a mailbox, and what is below it, another name.
type Rename struct {
	Owner string `json:"owner"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// A Mount is a name in a person's tree that stands for a mailbox of another owner.
type Mount struct {
	Name string `json:"name"`
	// Mailbox is what the person calls the mailbox otherwise; "" if it is gone
	// or may not be seen any more.
	Mailbox string `json:"mailbox,omitempty"`
}

// A MountChange mounts a mailbox in a person's tree, or with an empty Mailbox
// removes what is mounted there.
type MountChange struct {
	Person  string `json:"person"`
	Name    string `json:"name"`
	Mailbox Place  `json:"mailbox"` // As is not looked at
}

// A Mailbox is one of an owner's mailboxes with its counts.
type Mailbox struct {
	Name        string   `json:"name"`
	Messages    uint32   `json:"messages"`
	Unseen      uint32   `json:"unseen"`
	Size        int64    `json:"size"` // octets
	UIDValidity uint32   `json:"uid_validity"`
	UIDNext     uint32   `json:"uid_next"`
	Subscribed  bool     `json:"subscribed"`
	SpecialUse  []string `json:"special_use,omitempty"`
}

// A Message is one message on its way in or out.
type Message struct {
	// Date is when it arrived. On its way in, zero stands for the date that
	// the message itself bears, or for now if it bears none.
	Date  time.Time `json:"date,omitzero"`
	Flags []string  `json:"flags,omitempty"` // system flags with their backslash, and keywords
	// UID is which it has; on its way in, which it gets if that can be (see
	// FolderState).
	UID uint32 `json:"uid,omitempty"`
	// Source, on the way in, identifies the message where it comes from. A
	// mailbox takes a message of one source once, even if that was expunged
	// since.
	Source string    `json:"source,omitempty"`
	Body   io.Reader `json:"-"` // valid until the next message
}

// Imported tells what Import stored.
type Imported struct {
	Mailbox     string    `json:"mailbox"`
	UIDValidity uint32    `json:"uid_validity,omitempty"`
	Messages    int       `json:"messages"`
	Octets      int64     `json:"octets"`
	FirstUID    uint32    `json:"first_uid,omitempty"`
	LastUID     uint32    `json:"last_uid,omitempty"`
	Known       int       `json:"known,omitempty"` // were there from the same source, not counted in Messages
	Dropped     []string  `json:"dropped_keywords,omitempty"`
	Skipped     []Skipped `json:"skipped,omitempty"` // at most MaxSkipped
	SkippedMore int       `json:"skipped_more,omitempty"`
}

// MaxSkipped is how many skipped messages Import describes; it counts the rest.
const MaxSkipped = 100

// Skipped is a message that could not be taken, alone of its batch.
type Skipped struct {
	Number int    `json:"number"` // in the source, from 1
	Source string `json:"source,omitempty"`
	Reason string `json:"reason"`
}

// CheckOptions say how thorough Check is.
type CheckOptions struct {
	// Bodies: also read every message, compare its checksum, and parse it.
	Bodies bool `json:"bodies"`
}

// Checked is how much Check has looked at.
type Checked struct {
	Owners    int   `json:"owners"`
	Mailboxes int   `json:"mailboxes"`
	Messages  int   `json:"messages"`
	Octets    int64 `json:"octets"`
	// Unused files hold octets that no message refers to, as a crash leaves
	// them; repair sets them aside.
	Unused int `json:"unused_files,omitempty"`
}

// A Problem is something that the check found wrong with the store.
type Problem struct {
	Owner   string `json:"owner"`             // whose mail it is, or a number if nobody has it any more; "": the store as a whole
	Mailbox uint32 `json:"mailbox,omitempty"` // number of the mailbox; 0: the account as a whole
	UID     uint32 `json:"uid,omitempty"`
	Text    string `json:"text"`
}
