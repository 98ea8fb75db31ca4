package mail

import (
	"context"
	"slices"
	"strings"

	"poststube/acl"
	"poststube/directory"
)

// Annotations (RFC 5464) are values under names such as /shared/comment, of a
// mailbox or of the server. What is under /private is each user's own.
const (
	sharedEntry  = "/shared/"
	privateEntry = "/private/"

	// PolicyEntry is the annotation that says which flags everyone has for
	// himself in a mailbox: their names with spaces, "$keywords" for all
	// keywords, "none" for none of them. Deleted, it is inherited.
	PolicyEntry = "/shared/vendor/poststube/private-flags"
	// UseEntry is the special use of a mailbox (RFC 6154 section 5.4).
	UseEntry = "/private/specialuse"
)

// Limits of annotations.
const (
	MaxMetadataValue   = 64 << 10 // octets
	MaxMetadataEntries = 100      // per mailbox and user
	maxMetadataName    = 1000     // octets
)

// A MetadataEntry is one annotation.
type MetadataEntry struct {
	Name  string // lower case
	Value []byte
}

// cleanEntry checks an entry name and returns it in lower case.
func cleanEntry(name string) (string, error) {
	clean := strings.ToLower(name)
	switch {
	case !strings.HasPrefix(clean, sharedEntry) && !strings.HasPrefix(clean, privateEntry):
		return "", fail(Invalid, "an annotation begins with /shared/ or /private/")
	case len(clean) > maxMetadataName, strings.HasSuffix(clean, "/"), strings.Contains(clean, "//"):
		return "", fail(Invalid, "this is not the name of an annotation")
	}
	for _, c := range []byte(clean) {
		if c <= ' ' && c != ' ' || c >= 0x7f || c == '*' || c == '%' {
			return "", fail(Invalid, "the name of an annotation has printable ASCII only, and no wildcards")
		}
	}
	return clean, nil
}

// metadataNode finds what an annotation belongs to: a mailbox, or, under the
// empty name, the server, whose annotations are each user's own.
func (t *txn) metadataNode(loc location, server bool) (*account, *node, acl.Rights, error) {
	if server {
		a, err := t.account(t.u.principal.ID)
		if err != nil {
			return nil, nil, 0, err
		}
		return a, a.tree.nodes[rootNum], acl.Lookup | acl.Read, nil
	}
	a, n, err := t.find(loc)
	if err != nil {
		return nil, nil, 0, err
	}
	r, err := t.place(a, n, acl.Lookup)
	// RFC 5464 section 3.3: l, and one of the rights to do something there.
	if err == nil && !r.HasAny(acl.Read|acl.Seen|acl.Write|acl.Insert|acl.Post) {
		err = admit(r, acl.Read)
	}
	return a, n, r, err
}

func (t *txn) metadataKey(a *account, n *node, name string) []byte {
	user := uint32(0)
	if strings.HasPrefix(name, privateEntry) {
		user = uint32(t.u.principal.ID)
	}
	t.key.start(a.id, tableMetadata).u32(n.num).u32(user)
	t.key.b = append(t.key.b, name...)
	return t.key.b
}

// Metadata returns the annotations of a mailbox that the user may see, in the
// order of their names; the empty name asks for those of the server.
func (u *User) Metadata(ctx context.Context, name string) ([]MetadataEntry, error) {
	var list []MetadataEntry
	loc, err := u.resolveTree(ctx, "getmetadata", name)
	if err != nil {
		return nil, err
	}
	err = u.view(ctx, "getmetadata", func(t *txn) error {
		a, n, _, err := t.metadataNode(loc, name == "")
		if err != nil {
			return err
		}
		for _, user := range []uint32{0, uint32(u.principal.ID)} {
			lo := t.key.start(a.id, tableMetadata).u32(n.num).u32(user).clone()
			for p := range t.r.Scan(lo, prefixEnd(slices.Clone(lo))) {
				list = append(list, MetadataEntry{string(p.Key[len(lo):]), slices.Clone(p.Value)})
			}
		}
		if name != "" {
			list = append(list, a.builtIn(n, loc.space)...)
		}
		return t.r.Err()
	})
	slices.SortFunc(list, func(a, b MetadataEntry) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

// builtIn are annotations that stand for something else.
func (a *account) builtIn(n *node, space Namespace) (list []MetadataEntry) {
	if n.policy.set {
		list = append(list, MetadataEntry{PolicyEntry, []byte(n.policy.String())})
	}
	if space == Personal && len(n.special) > 0 {
		list = append(list, MetadataEntry{UseEntry, []byte(strings.Join(n.special, " "))})
	}
	return list
}

// SetMetadata sets annotations, all or none; a nil value deletes one. Under
// /shared it needs w, for the policy a. The special use of a mailbox may be set
// by its owner.
func (u *User) SetMetadata(ctx context.Context, name string, entries []MetadataEntry) error {
	loc, err := u.resolveTree(ctx, "setmetadata", name)
	if err != nil {
		return err
	}
	for i := range entries {
		if entries[i].Name, err = cleanEntry(entries[i].Name); err != nil {
			return err
		}
		if len(entries[i].Value) > MaxMetadataValue {
			return fail(TooBig, "an annotation has at most %d octets", MaxMetadataValue)
		}
	}
	return u.update(ctx, "setmetadata", []directory.ID{loc.owner.ID}, func(t *txn) error {
		a, n, r, err := t.metadataNode(loc, name == "")
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := t.setEntry(a, n, r, loc, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *txn) setEntry(a *account, n *node, r acl.Rights, loc location, e MetadataEntry) error {
	switch {
	case e.Name == PolicyEntry && n.num != rootNum:
		return t.setPolicy(a, n, r, e.Value)
	case e.Name == UseEntry && n.num != rootNum:
		return t.setUse(a, n, loc, e.Value)
	case strings.HasPrefix(e.Name, sharedEntry):
		if n.num == rootNum && !t.u.admin {
			return fail(Denied, "only the administrator sets annotations of the server")
		}
		if n.num != rootNum {
			if err := admit(r, acl.Write); err != nil {
				return err
			}
		}
	}
	key := t.metadataKey(a, n, e.Name)
	if e.Value == nil {
		return t.w.Delete(key)
	}
	lo := key[:1+4+1+4+4]
	count := 0
	for range t.r.Scan(slices.Clone(lo), prefixEnd(slices.Clone(lo))) {
		count++
	}
	if count >= MaxMetadataEntries {
		return fail(Limit, "%d annotations are the limit: delete some", MaxMetadataEntries)
	}
	return t.w.Set(t.metadataKey(a, n, e.Name), e.Value)
}

// String is the policy as its annotation has it.
func (p policy) String() string {
	var words []string
	for _, f := range systemFlags {
		if p.flags&f != 0 {
			words = append(words, flagNames[f])
		}
	}
	if p.keywords {
		words = append(words, "$keywords")
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " ")
}

// parsePolicy reads what String writes. \Deleted cannot be private: it would
// make EXPUNGE remove what others do not see as deleted.
func parsePolicy(text string) (p policy, err error) {
	p.set = true
	if text == "none" {
		return p, nil
	}
next:
	for _, word := range strings.Fields(text) {
		if strings.EqualFold(word, "$keywords") {
			p.keywords = true
			continue
		}
		for f, name := range flagNames {
			if strings.EqualFold(word, name) && f != Deleted {
				p.flags |= f
				continue next
			}
		}
		return p, fail(Invalid, `%q cannot be private: name \Seen, \Answered, \Flagged, \Draft or $keywords, or none`, word)
	}
	return p, nil
}

// setPolicy changes which flags are private in a mailbox and beneath it. What
// users had for themselves is kept for when it counts again.
func (t *txn) setPolicy(a *account, n *node, r acl.Rights, value []byte) error {
	if err := admit(r, acl.Admin); err != nil {
		return err
	}
	changed := *n
	changed.policy = policy{}
	if value != nil {
		var err error
		if changed.policy, err = parsePolicy(string(value)); err != nil {
			return err
		}
	}
	a.put = append(a.put, &changed)
	a.treeLog.action, a.treeLog.other, a.treeLog.detail = actPolicy, MailboxID{a.id, n.num}, changed.policy.String()
	return t.flagsChanged(a, n)
}

// flagsChanged gives all messages at n and beneath, as far as n's policy reaches,
// a new modseq: their flags may look different now, and clients must learn it.
func (t *txn) flagsChanged(a *account, n *node) error {
	for _, other := range a.tree.all() {
		if !a.tree.under(other, n.num) || other != n && a.policySource(other) != a.policySource(n) {
			continue
		}
		m, err := t.mailbox(MailboxID{a.id, other.num}, acl.None)
		if err != nil {
			return err
		}
		m.log.action = actPolicy
		modseq := a.next()
		err = m.eachBlock(m.all(), 1, func(s *span) (bool, error) {
			for bit, ok := s.bits.next(0); ok; bit, ok = s.bits.next(bit + 1) {
				s.b.modseq[bit] = modseq
			}
			s.bits.appendTo(&m.log.changed, s.num)
			m.touch(s.num)
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// policySource returns the number of the node whose policy holds at n.
func (a *account) policySource(n *node) uint32 {
	for n = a.node(n.num); !n.policy.set && n.num != rootNum; {
		n = a.node(n.parent)
	}
	return n.num
}

func (t *txn) setUse(a *account, n *node, loc location, value []byte) error {
	uses, err := cleanUses(loc, strings.Fields(string(value)))
	if err != nil {
		return err
	}
	for _, other := range a.tree.all() {
		for _, use := range uses {
			if other != n && slices.Contains(other.special, use) {
				return fail(UseAttr, "%s is for %s already", a.tree.path(other), use)
			}
		}
	}
	changed := *n
	changed.special = uses
	a.put = append(a.put, &changed)
	a.treeLog.action, a.treeLog.other, a.treeLog.detail = actSpecialUse, MailboxID{a.id, n.num}, string(value)
	return nil
}
