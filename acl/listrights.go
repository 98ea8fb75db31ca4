package acl

// A Grantable is the answer to LISTRIGHTS (RFC 4314 section 3.7): what an
// identifier has in any case, and what it can be granted in addition.
type Grantable struct {
	// Always are the rights that the identifier has whatever the list says.
	Always Rights
	// Optional are the rights that can be granted. None of them is tied to
	// another.
	Optional Rights
}

// ListRights returns what LISTRIGHTS answers about w. isOwner is whether w is
// the owner of the mailbox or a way to say so.
func ListRights(w Who, isOwner bool, supported Rights) Grantable {
	g := Grantable{Optional: supported}
	if (isOwner || w.Kind == Owner) && !w.Negative {
		g.Always = OwnerAlways
		g.Optional &^= OwnerAlways
	}
	return g
}

// Required returns the first string of rights of the response. Virtual rights
// are not in it: a right must not be listed twice, and none of their members is
// among OwnerAlways.
func (g Grantable) Required() string { return g.Always.Letters() }

// Groups returns the strings behind it, one for each group of tied rights. Every
// right is by itself, and so are the virtual c and d (RFC 4314 section 2.1.1).
func (g Grantable) Groups() []string {
	var groups []string
	for i := range letters {
		right := Rights(1) << i
		if right == Admin {
			groups = g.virtual(groups)
		}
		if g.Optional.HasAny(right) {
			groups = append(groups, letters[i:i+1])
		}
	}
	return groups
}

func (g Grantable) virtual(groups []string) []string {
	if g.Optional.HasAny(VirtualCreate) {
		groups = append(groups, "c")
	}
	if g.Optional.HasAny(VirtualDelete) {
		groups = append(groups, "d")
	}
	return groups
}
