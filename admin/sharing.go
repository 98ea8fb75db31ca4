package admin

import (
	"context"
	"strings"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/mail"
)

// Sharing is the part of Service that is about rights, and about who did what
// with them.
type Sharing interface {
	// ACL returns the entries that hold at a mailbox.
	ACL(ctx context.Context, at Place) ([]ACLEntry, error)
	// SetACL changes one entry.
	SetACL(ctx context.Context, change ACLChange) (ACLEntry, error)
	DeleteACL(ctx context.Context, change ACLChange) error
	// Why explains what a person may do in a mailbox.
	Why(ctx context.Context, q WhyQuestion) (Why, error)
	// Policy returns, and SetPolicy sets, which flags everyone has for himself.
	Policy(ctx context.Context, at Place) (string, error)
	SetPolicy(ctx context.Context, change PolicyChange) error

	// AddTeam makes a group with addresses, members and rights at once.
	AddTeam(ctx context.Context, t Team) (Team, error)
	Addresses(ctx context.Context, name string) ([]string, error)
	AddAddress(ctx context.Context, change AddressChange) error
	RemoveAddress(ctx context.Context, change AddressChange) error

	Audit(ctx context.Context, q AuditQuestion) ([]AuditRecord, error)
	Expunged(ctx context.Context, at Place) ([]Expunged, error)
	Undelete(ctx context.Context, what Undelete) (Undeleted, error)

	Quota(ctx context.Context, owner string) (Quota, error)
	SetQuota(ctx context.Context, q Quota) error
	// RecalculateQuota counts anew what an owner uses.
	RecalculateQuota(ctx context.Context, owner string) (Quota, error)
}

// A Place is a mailbox by its owner and its name in the owner's tree, which is
// empty for the root.
type Place struct {
	Owner string `json:"owner"`
	Path  string `json:"mailbox"`
	// As is the user with whose rights it is done; "" is the administrator.
	As string `json:"as,omitempty"`
}

// An ACLEntry is one entry. Owner:path in From says where it was made.
type ACLEntry struct {
	Identifier string `json:"identifier"`
	Rights     string `json:"rights"` // letters, without the virtual c and d
	Preset     string `json:"preset,omitempty"`
	From       string `json:"from,omitempty"`
	Inherited  bool   `json:"inherited,omitempty"`
}

// An ACLChange sets the rights of an identifier: letters, with "+" or "-" before
// them to add or remove, or the name of a preset.
type ACLChange struct {
	Place
	Identifier string `json:"identifier"`
	Rights     string `json:"rights,omitempty"`
	// Quiet: those who may see the mailbox now are not told.
	Quiet bool `json:"quiet,omitempty"`
}

// A WhyQuestion asks about a person.
type WhyQuestion struct {
	Place
	Person string `json:"person"`
}

// Why is the answer. Rights are letters; Effect are those that the entry adds, or
// a negative one takes.
type Why struct {
	// Mount is what the person calls the mailbox that is Original to others, if
	// they have mounted it.
	Mount    string   `json:"mount,omitempty"`
	Original string   `json:"original,omitempty"`
	Person   string   `json:"person"`
	Rights   string   `json:"rights"`
	Always   string   `json:"always,omitempty"` // as the owner, whatever the entries say
	Reasons  []Reason `json:"reasons"`
	Others   []string `json:"others,omitempty"` // identifiers of entries that do not mean the person
}

// A Reason is one entry that means the person.
type Reason struct {
	Identifier string   `json:"identifier"`
	Rights     string   `json:"rights"`
	Effect     string   `json:"effect"`
	At         string   `json:"at"`
	Inherited  bool     `json:"inherited,omitempty"`
	Hidden     bool     `json:"hidden,omitempty"`
	Via        []string `json:"via,omitempty"`
}

// A PolicyChange names the flags that are private, as mail.PolicyEntry has them;
// empty means: as above.
type PolicyChange struct {
	Place
	Flags string `json:"flags"`
}

// A Team is a group that receives mail and shares mailboxes.
type Team struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses,omitempty"`
	Members   []string `json:"members,omitempty"`
	Preset    string   `json:"preset"`
}

// An AddressChange is about an address of a person or a group.
type AddressChange struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// An AuditQuestion asks what was done to a mailbox, or at the root to all, since
// a time.
type AuditQuestion struct {
	Place
	Since time.Time `json:"since,omitzero"`
	Max   int       `json:"max"`
}

// An AuditRecord says who did what, from where, and when.
type AuditRecord struct {
	Time     time.Time `json:"time"`
	Who      string    `json:"who,omitempty"` // "" is a delivery
	Origin   string    `json:"origin"`
	Action   string    `json:"action"`
	Messages string    `json:"uids,omitempty"`
	Other    string    `json:"other,omitempty"`
	Detail   string    `json:"detail,omitempty"`
}

// Expunged is a message that can be had back.
type Expunged struct {
	UID     uint32    `json:"uid"`
	Time    time.Time `json:"time"`
	By      string    `json:"by"`
	Size    int64     `json:"size"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
}

// Undelete names expunged messages as a set of UIDs, "1:3,7".
type Undelete struct {
	Place
	UIDs string `json:"uids"`
}

// Undeleted tells under which UIDs messages are back.
type Undeleted struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// A Quota is what an owner uses and may use; 0 is no limit.
type Quota struct {
	Owner        string `json:"owner"`
	Bytes        int64  `json:"bytes"`
	Messages     uint64 `json:"messages"`
	BytesUsed    int64  `json:"bytes_used"`
	MessagesUsed uint64 `json:"messages_used"`
}

// at returns who acts, and what the mailbox is called by them.
func (l *Local) at(ctx context.Context, p Place) (*mail.User, string, error) {
	owner, err := l.find(ctx, p.Owner)
	if err != nil {
		return nil, "", err
	}
	if p.As == "" {
		return l.Engine.AsAdmin(owner, l.Reason), p.Path, nil
	}
	who, err := l.findKind(ctx, directory.Person, p.As)
	if err != nil {
		return nil, "", err
	}
	u := l.Engine.As(who, mail.Origin{Protocol: "cli"})
	return u, u.NameOf(owner, p.Path), nil
}

// display writes an identifier's place as the command line takes it.
func (l *Local) display(p Place, u *mail.User, name string) string {
	if p.As != "" {
		return name
	}
	if u.Principal().Kind == directory.Group {
		return strings.TrimSuffix("group:"+u.Principal().Name+"/"+name, "/")
	}
	return u.Principal().Name + ":" + name
}

// ACL implements Service.
func (l *Local) ACL(ctx context.Context, at Place) ([]ACLEntry, error) {
	u, name, err := l.at(ctx, at)
	if err != nil {
		return nil, err
	}
	list, err := u.ACL(ctx, name)
	if err != nil {
		return nil, l.near(ctx, at, err)
	}
	out := make([]ACLEntry, len(list))
	for i, e := range list {
		out[i] = entryOf(e.Identifier, e.Rights)
		out[i].Inherited = e.Inherited
		if e.Inherited && !e.Default {
			out[i].From = l.display(at, u, e.From)
		}
	}
	return out, nil
}

func entryOf(id acl.Identifier, r acl.Rights) ACLEntry {
	e := ACLEntry{Identifier: id.String(), Rights: r.Letters()}
	if p, ok := acl.PresetOf(r); ok && !id.Negative {
		e.Preset = p.Name
	}
	return e
}

// SetACL implements Service.
func (l *Local) SetACL(ctx context.Context, change ACLChange) (ACLEntry, error) {
	u, name, err := l.at(ctx, change.Place)
	if err != nil {
		return ACLEntry{}, err
	}
	id, err := acl.ParseIdentifier(change.Identifier)
	if err != nil {
		return ACLEntry{}, invalid(err)
	}
	mod, err := parseRights(change.Rights)
	if err != nil {
		return ACLEntry{}, err
	}
	if change.Quiet {
		u.Quiet()
	}
	if err := u.SetACL(ctx, name, id, mod); err != nil {
		return ACLEntry{}, l.near(ctx, change.Place, err)
	}
	list, err := u.ACL(ctx, name)
	for _, e := range list {
		if e.Identifier.String() == id.String() {
			return entryOf(e.Identifier, e.Rights), nil
		}
	}
	return ACLEntry{Identifier: id.String()}, err
}

// parseRights reads letters, perhaps with "+" or "-", or the name of a preset.
func parseRights(text string) (acl.Modification, error) {
	if p, err := acl.PresetByName(text); err == nil {
		return acl.Modification{Rights: p.Rights}, nil
	}
	mod, err := acl.ParseModification(text, acl.Supported)
	if err != nil {
		_, unknown := acl.PresetByName(text)
		return mod, &mail.Error{Kind: mail.Invalid, Text: err.Error() + "; " + unknown.Error()}
	}
	return mod, nil
}

func invalid(err error) error { return &mail.Error{Kind: mail.Invalid, Text: err.Error()} }

// DeleteACL implements Service.
func (l *Local) DeleteACL(ctx context.Context, change ACLChange) error {
	u, name, err := l.at(ctx, change.Place)
	if err != nil {
		return err
	}
	id, err := acl.ParseIdentifier(change.Identifier)
	if err != nil {
		return invalid(err)
	}
	return l.near(ctx, change.Place, u.DeleteACL(ctx, name, id))
}

// Why implements Service.
func (l *Local) Why(ctx context.Context, q WhyQuestion) (Why, error) {
	u, name, err := l.at(ctx, q.Place)
	if err != nil {
		return Why{}, err
	}
	person, err := l.findKind(ctx, directory.Person, q.Person)
	if err != nil {
		return Why{}, err
	}
	x, err := u.Why(ctx, name, person)
	if err != nil {
		return Why{}, l.near(ctx, q.Place, err)
	}
	w := Why{Mount: x.Mount, Original: x.Original, Person: person.Name, Rights: x.Rights.Letters(), Always: x.Always.Letters(), Reasons: []Reason{}}
	for _, r := range x.Reasons {
		reason := Reason{Identifier: r.Identifier.String(), Rights: r.Rights.Letters(), Effect: r.Effect.Letters(), Inherited: r.Inherited,
			Hidden: r.Hidden, Via: r.Via}
		if !r.Default {
			reason.At = l.display(q.Place, u, r.At)
		}
		w.Reasons = append(w.Reasons, reason)
	}
	for _, id := range x.Others {
		w.Others = append(w.Others, id.String())
	}
	return w, nil
}

// Policy implements Service.
func (l *Local) Policy(ctx context.Context, at Place) (string, error) {
	u, name, err := l.at(ctx, at)
	if err != nil {
		return "", err
	}
	flags, err := u.Policy(ctx, name)
	return flags, l.near(ctx, at, err)
}

// SetPolicy implements Service.
func (l *Local) SetPolicy(ctx context.Context, change PolicyChange) error {
	u, name, err := l.at(ctx, change.Place)
	if err != nil {
		return err
	}
	return l.near(ctx, change.Place, u.SetPolicy(ctx, name, change.Flags))
}

// Audit implements Service.
func (l *Local) Audit(ctx context.Context, q AuditQuestion) ([]AuditRecord, error) {
	u, name, err := l.at(ctx, q.Place)
	if err != nil {
		return nil, err
	}
	list, err := u.Audit(ctx, name, q.Since, q.Max)
	if err != nil {
		return nil, l.near(ctx, q.Place, err)
	}
	out := make([]AuditRecord, len(list))
	for i, r := range list {
		out[i] = AuditRecord{Time: r.Time, Who: r.Actor.Name, Origin: r.Origin, Action: r.Action, Messages: r.Messages.String(), Other: r.Other, Detail: r.Detail}
		switch {
		case strings.HasPrefix(r.Origin, "admin"): // with the owner's name, but not by the owner
			out[i].Who = "administrator"
		case r.ActorID != 0 && r.Actor.Name == "":
			out[i].Who = "?"
		}
	}
	return out, nil
}

// Expunged implements Service.
func (l *Local) Expunged(ctx context.Context, at Place) ([]Expunged, error) {
	u, name, err := l.at(ctx, at)
	if err != nil {
		return nil, err
	}
	list, err := u.Expunged(ctx, name, time.Time{})
	if err != nil {
		return nil, l.near(ctx, at, err)
	}
	out := make([]Expunged, len(list))
	for i, e := range list {
		out[i] = Expunged{UID: e.UID, Time: e.Time, By: e.By.Name, Size: e.Size, From: e.From, Subject: e.Subject}
	}
	return out, nil
}

// Undelete implements Service.
func (l *Local) Undelete(ctx context.Context, what Undelete) (Undeleted, error) {
	u, name, err := l.at(ctx, what.Place)
	if err != nil {
		return Undeleted{}, err
	}
	uids, err := parseUIDs(what.UIDs)
	if err != nil {
		return Undeleted{}, err
	}
	done, err := u.Restore(ctx, name, uids)
	return Undeleted{From: done.From.String(), To: done.To.String()}, l.near(ctx, what.Place, err)
}

// Quota implements Service.
func (l *Local) Quota(ctx context.Context, owner string) (Quota, error) {
	u, err := l.owner(ctx, owner)
	if err != nil {
		return Quota{}, err
	}
	who, used, limit, err := u.Quota(ctx, "")
	return Quota{Owner: who.Name, Bytes: limit.Bytes, Messages: limit.Messages, BytesUsed: used.Bytes, MessagesUsed: used.Messages}, err
}

// SetQuota implements Service.
func (l *Local) SetQuota(ctx context.Context, q Quota) error {
	u, err := l.owner(ctx, q.Owner)
	if err != nil {
		return err
	}
	return u.SetQuota(ctx, mail.Quota{Bytes: q.Bytes, Messages: q.Messages})
}

// RecalculateQuota implements Service.
func (l *Local) RecalculateQuota(ctx context.Context, owner string) (Quota, error) {
	u, err := l.owner(ctx, owner)
	if err != nil {
		return Quota{}, err
	}
	if _, err := u.RecalculateQuota(ctx); err != nil {
		return Quota{}, err
	}
	return l.Quota(ctx, owner)
}
