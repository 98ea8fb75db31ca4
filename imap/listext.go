package imap

// children is RFC 3348, part of IMAP4rev2: \HasChildren and \HasNoChildren.
func children() extension {
	return extension{
		name:         "CHILDREN",
		rfc:          "RFC 3348",
		capabilities: always("CHILDREN"),
		returns: []listReturn{{name: "CHILDREN", read: func(p *parser, r *listRequest) {
			r.showChildren = true
		}}},
	}
}

// listExtended is RFC 5258, part of IMAP4rev2.
func listExtended() extension {
	return extension{
		name:         "LIST-EXTENDED",
		rfc:          "RFC 5258",
		capabilities: always("LIST-EXTENDED"),
		choose: []listSelection{
			{name: "SUBSCRIBED", set: func(r *listRequest) { r.subscribed = true }},
			{name: "REMOTE", set: func(r *listRequest) { r.remote = true }},
			{name: "RECURSIVEMATCH", set: func(r *listRequest) { r.recursive = true }},
		},
		returns: []listReturn{{name: "SUBSCRIBED", read: func(p *parser, r *listRequest) {
			r.showSubscribed = true
		}}},
	}
}

// listStatus is RFC 5819, part of IMAP4rev2.
func listStatus() extension {
	return extension{
		name:         "LIST-STATUS",
		rfc:          "RFC 5819",
		capabilities: always("LIST-STATUS"),
		returns: []listReturn{{name: "STATUS", read: func(p *parser, r *listRequest) {
			p.SP()
			r.status = append(r.status, readStatusItems(p)...)
		}}},
	}
}

// specialUse is RFC 6154: which mailbox is for drafts, for what was sent, and
// so on. Creating one for a use is announced as CREATE-SPECIAL-USE.
func specialUse() extension {
	return extension{
		name:         "SPECIAL-USE",
		rfc:          "RFC 6154",
		capabilities: always("SPECIAL-USE", "CREATE-SPECIAL-USE"),
		choose:       []listSelection{{name: "SPECIAL-USE", set: func(r *listRequest) { r.specialUse = true }}},
		returns: []listReturn{{name: "SPECIAL-USE", read: func(p *parser, r *listRequest) {
			r.showSpecialUse = true
		}}},
		create: []createParam{{name: "USE", read: func(p *parser, r *createRequest) {
			p.SP()
			p.List(func() { r.specialUse = append(r.specialUse, p.Flag()) })
		}}},
	}
}
