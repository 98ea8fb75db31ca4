package mail

import (
	"context"
	"errors"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
	"poststube/kv"
)

// Annotations (RFC 5464) are values under names such as /shared/comment, of a
// mailbox or of the server. What is under /private is each user's own.
const (
	sharedEntry  = "/shared"
	privateEntry = "/private"
	vendorEntry  = "/vendor"

	// PolicyEntry is the annotation that says which flags everyone has for
	// himself in a mailbox: their names with spaces, "$keywords" for all
	// keywords, "none" for none of them. Deleted, it is inherited.
	PolicyEntry = "/shared/vendor/poststube/private-flags"
	// UseEntry is the special use of a mailbox (RFC 6154 section 5.4).
	UseEntry = "/private/specialuse"
	// WhyEntry stands for an explanation of the user's rights (User.Why), which
	// protocols write in sentences. It can't be set.
	WhyEntry = "/private/vendor/poststube/why"
)

// Limits of annotations, for each mailbox and, under /private, each user there.
const (
	MaxMetadataValue   = 64 << 10 // octets
	MaxMetadataEntries = 100
	maxMetadataTotal   = 1 << 20 // octets
	maxMetadataName    = 1000    // octets
)

// A MetadataEntry is one annotation.
type MetadataEntry struct {
	Name  string // lower case
	Value []byte // nil: there is none, or it is to be deleted
}

// CleanEntry checks the name of an annotation and returns it in lower case, since
// names are compared without regard to case (RFC 5464 section 3.2). The error is
// Invalid.
func CleanEntry(name string) (string, error) {
	clean, err := CleanEntryTree(name)
	if err != nil {
		return "", err
	}
	parts, least := strings.Count(clean, "/"), 2
	if _, below, _ := strings.Cut(clean[1:], "/"); below == vendorEntry[1:] || strings.HasPrefix(below, vendorEntry[1:]+"/") {
		least = 4
	}
	if parts < least {
		return "", fail(Invalid, "the name of an annotation has at least %d parts here", least)
	}
	return clean, nil
}

// CleanEntryTree is CleanEntry for a name of which the entries below are meant
// too, so that it may have fewer parts, such as /shared.
func CleanEntryTree(name string) (string, error) {
	clean := strings.ToLower(name)
	switch {
	case !isBelow(clean, sharedEntry) && !isBelow(clean, privateEntry):
		return "", fail(Invalid, "an annotation begins with /shared/ or /private/")
	case len(clean) > maxMetadataName, strings.HasSuffix(clean, "/"), strings.Contains(clean, "//"):
		return "", fail(Invalid, "this is not the name of an annotation")
	}
	for _, c := range []byte(clean) {
		if c < ' ' || c >= 0x7f || c == '*' || c == '%' {
			return "", fail(Invalid, "the name of an annotation has printable ASCII only, and no wildcards")
		}
	}
	return clean, nil
}

// isBelow tells whether an entry is the one called root, or below it.
func isBelow(name, root string) bool {
	rest, ok := strings.CutPrefix(name, root)
	return ok && (rest == "" || rest[0] == '/')
}

// server is the owner of what belongs to the server as a whole: its shared
// annotations. It is nobody in the directory.
const server directory.ID = 0

// A notedPlace is what has annotations: a mailbox, or the server, whose private
// ones lie with their user.
type notedPlace struct {
	a      *account
	n      *node
	rights acl.Rights
	loc    location
	server bool
}

// notedMailbox opens a mailbox for its annotations. It takes l, and one of the
// rights to do something there (RFC 5464 section 3.3).
func (t *txn) notedMailbox(loc location) (*notedPlace, error) {
	a, n, err := t.find(loc)
	if err != nil {
		return nil, err
	}
	r, err := t.place(a, n, acl.Lookup)
	if err == nil && !r.HasAny(notable) {
		err = admit(r, acl.Read)
	}
	if err != nil {
		return nil, err
	}
	return &notedPlace{a: a, n: n, rights: r, loc: loc}, nil
}

// notable are the rights of which one must be had besides l.
const notable = acl.Read | acl.Seen | acl.Write | acl.Insert | acl.Post

// notedServer opens one half of the server's annotations.
func (t *txn) notedServer(owner directory.ID) (*notedPlace, error) {
	a, err := t.account(owner)
	if err != nil {
		return nil, err
	}
	return &notedPlace{a: a, n: a.tree.nodes[rootNum], server: true}, nil
}

// user is whose an entry is: nobody's under /shared.
func (t *txn) user(entry string) directory.ID {
	if isBelow(entry, privateEntry) {
		return t.u.principal.ID
	}
	return 0
}

func (t *txn) metadataPrefix(p *notedPlace, user directory.ID) *keyBuf {
	return t.key.start(p.a.id, tableMetadata).u32(p.n.num).u32(uint32(user))
}

func (t *txn) metadataKey(p *notedPlace, entry string) []byte {
	k := t.metadataPrefix(p, t.user(entry))
	k.b = append(k.b, entry...)
	return k.b
}

// Metadata returns the annotations of a mailbox that the user may see, in the
// order of their names; the empty name asks for those of the server.
func (u *User) Metadata(ctx context.Context, name string) ([]MetadataEntry, error) {
	var loc location
	if name != "" {
		var err error
		if loc, err = u.resolve(ctx, "getmetadata", name); err != nil {
			return nil, err
		}
	}
	var list []MetadataEntry
	err := u.view(ctx, "getmetadata", func(t *txn) (err error) {
		if name == "" {
			list, err = t.serverMetadata()
			return err
		}
		p, err := t.notedMailbox(loc)
		if err != nil {
			return err
		}
		for _, user := range []directory.ID{0, u.principal.ID} {
			if list, err = t.entries(list, p, user); err != nil {
				return err
			}
		}
		list = append(list, p.builtIn()...)
		home, err := t.account(u.principal.ID)
		if err != nil {
			return err
		}
		if m := home.tree.mountOf(MailboxID{p.a.id, p.n.num}); m != nil {
			list = append(list, MetadataEntry{MountEntry, []byte(home.tree.path(m))})
		}
		return nil
	})
	slices.SortFunc(list, func(a, b MetadataEntry) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

func (t *txn) serverMetadata() (list []MetadataEntry, err error) {
	for _, owner := range []directory.ID{server, t.u.principal.ID} {
		p, err := t.notedServer(owner)
		if err != nil {
			return nil, err
		}
		if list, err = t.entries(list, p, owner); err != nil { // shared ones have user 0
			return nil, err
		}
	}
	return list, nil
}

// entries appends what is stored for one user, or shared for user 0.
func (t *txn) entries(list []MetadataEntry, p *notedPlace, user directory.ID) ([]MetadataEntry, error) {
	lo := t.metadataPrefix(p, user).clone()
	for pair := range t.r.Scan(lo, prefixEnd(slices.Clone(lo))) {
		list = append(list, MetadataEntry{string(pair.Key[len(lo):]), append([]byte{}, pair.Value...)})
	}
	return list, t.r.Err()
}

// builtIn are annotations that stand for something else.
func (p *notedPlace) builtIn() (list []MetadataEntry) {
	if p.n.policy.set {
		list = append(list, MetadataEntry{PolicyEntry, []byte(p.n.policy.String())})
	}
	if p.loc.space == Personal && len(p.n.special) > 0 {
		list = append(list, MetadataEntry{UseEntry, []byte(strings.Join(p.n.special, " "))})
	}
	return list
}

// SetMetadata sets annotations, all or none; a nil value deletes one. Under
// /shared it needs w, for the policy a. The special use of a mailbox may be set
// by its owner, shared annotations of the server by the administrator. The error
// is TooBig for a value, Limit when there are too many.
func (u *User) SetMetadata(ctx context.Context, name string, entries []MetadataEntry) error {
	var err error
	entries = slices.Clone(entries)
	for i := range entries {
		if entries[i].Name, err = CleanEntry(entries[i].Name); err != nil {
			return err
		}
		if len(entries[i].Value) > MaxMetadataValue {
			return fail(TooBig, "an annotation has at most %d octets", MaxMetadataValue)
		}
	}
	if name == "" {
		return u.setServerMetadata(ctx, entries)
	}
	loc, err := u.resolve(ctx, "setmetadata", name)
	if err != nil {
		return err
	}
	owners := []directory.ID{loc.owner.ID}
	if loc.owner.ID != u.principal.ID && slices.ContainsFunc(entries, func(e MetadataEntry) bool { return e.Name == MountEntry }) {
		owners = append(owners, u.principal.ID)
	}
	return u.update(ctx, "setmetadata", owners, func(t *txn) error {
		p, err := t.notedMailbox(loc)
		if err != nil {
			return err
		}
		return t.setEntries(p, entries)
	})
}

// setServerMetadata is SetMetadata for the server.
func (u *User) setServerMetadata(ctx context.Context, entries []MetadataEntry) error {
	var shared, private []MetadataEntry
	for _, e := range entries {
		if isBelow(e.Name, privateEntry) {
			private = append(private, e)
		} else {
			shared = append(shared, e)
		}
	}
	if len(shared) > 0 && !u.admin {
		return fail(Denied, "only the administrator sets annotations of the server")
	}
	owners := []directory.ID{u.principal.ID}
	if len(shared) > 0 {
		owners = []directory.ID{server, u.principal.ID}
	}
	return u.update(ctx, "setmetadata", owners, func(t *txn) error {
		return errors.Join(t.setServerEntries(server, shared), t.setServerEntries(u.principal.ID, private))
	})
}

// setServerEntries sets the server's annotations that lie with one owner.
func (t *txn) setServerEntries(owner directory.ID, entries []MetadataEntry) error {
	if len(entries) == 0 {
		return nil
	}
	p, err := t.notedServer(owner)
	if err != nil {
		return err
	}
	return t.setEntries(p, entries)
}

func (t *txn) setEntries(p *notedPlace, entries []MetadataEntry) error {
	for _, e := range entries {
		if err := t.setEntry(p, e); err != nil {
			return err
		}
	}
	return t.logEntries(p, entries)
}

func (t *txn) setEntry(p *notedPlace, e MetadataEntry) error {
	switch {
	case e.Name == WhyEntry:
		return fail(Denied, "this annotation follows from the rights and cannot be set")
	case p.server:
	case e.Name == PolicyEntry:
		return t.setPolicy(p.a, p.n, p.rights, e.Value)
	case e.Name == MountEntry:
		return t.setMount(p, e.Value)
	case e.Name == UseEntry:
		return t.setUse(p.a, p.n, p.loc, e.Value)
	case isBelow(e.Name, sharedEntry):
		if err := admit(p.rights, acl.Write); err != nil {
			return err
		}
	}
	if e.Value == nil {
		return t.w.Delete(t.metadataKey(p, e.Name))
	}
	if err := t.roomFor(p, e); err != nil {
		return err
	}
	return t.w.Set(t.metadataKey(p, e.Name), e.Value)
}

// roomFor tells whether an annotation can be set beside the others.
func (t *txn) roomFor(p *notedPlace, e MetadataEntry) error {
	lo := t.metadataPrefix(p, t.user(e.Name)).clone()
	count, octets := 1, len(e.Value)
	for pair := range t.r.Scan(lo, prefixEnd(slices.Clone(lo))) {
		if string(pair.Key[len(lo):]) != e.Name {
			count++
			octets += len(pair.Value)
		}
	}
	if count > MaxMetadataEntries || octets > maxMetadataTotal {
		return fail(Limit, "%d annotations of %d octets together are the limit: delete some", MaxMetadataEntries, maxMetadataTotal)
	}
	return t.r.Err()
}

// copyMetadata gives a mailbox the annotations of another one of its owner, all
// users' (RFC 5464 section 4.1, for RENAME of INBOX).
func (t *txn) copyMetadata(a *account, from, to *node) error {
	to.policy = from.policy
	lo := t.key.start(a.id, tableMetadata).u32(from.num).clone()
	hi := prefixEnd(slices.Clone(lo))
	var pairs []kv.Pair
	for pair := range t.r.Scan(lo, hi) {
		pairs = append(pairs, kv.Pair{Key: slices.Clone(pair.Key[len(lo):]), Value: slices.Clone(pair.Value)})
	}
	for _, pair := range pairs {
		k := t.key.start(a.id, tableMetadata).u32(to.num)
		k.b = append(k.b, pair.Key...)
		if err := t.w.Set(k.b, pair.Value); err != nil {
			return err
		}
	}
	return t.r.Err()
}
