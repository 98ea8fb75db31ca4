package wire

// Enter goes one level down in syntax that nests without lists, for example NOT
// in SEARCH. It reports false, and there is an error, if that is too deep. Leave
// goes up again; it need not be called after an error.
func (d *Decoder) Enter() bool {
	if !d.ready() {
		return false
	}
	if d.depth >= d.Limits.Depth {
		d.limit("LIMIT", "the command is nested too deeply")
		return false
	}
	d.depth++
	return true
}

// Leave ends what Enter began.
func (d *Decoder) Leave() { d.depth-- }

// List reads "(", items with one space between them, and ")". It calls item for
// each of them, to read it. The list may be empty.
func (d *Decoder) List(item func()) {
	if !d.Try('(') {
		d.Expected("a list")
		return
	}
	if !d.Enter() {
		return
	}
	if !d.Try(')') {
		d.items(item)
	}
	d.Leave()
}

// List1 is List with at least one item.
func (d *Decoder) List1(item func()) {
	if !d.Try('(') {
		d.Expected("a list")
		return
	}
	if !d.Enter() {
		return
	}
	d.items(item)
	d.Leave()
}

// items reads one or more items and ")".
func (d *Decoder) items(item func()) {
	for {
		item()
		if !d.TrySP() {
			break
		}
	}
	if !d.Try(')') {
		d.Expected(`" " or ")" in a list`)
	}
}

// TryList is List if "(" is next.
func (d *Decoder) TryList(item func()) bool {
	if d.Peek() != '(' {
		return false
	}
	d.List(item)
	return true
}
