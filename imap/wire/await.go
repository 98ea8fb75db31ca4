package wire

// Await waits until something can be read behind the current command, passing
// over what is left of it. It reads no octet of the next command and reports
// false when there will be none: Next tells the same, and why.
func (d *Decoder) Await() bool {
	if d.Skip() != nil {
		return false
	}
	if _, err := d.r.Peek(1); err != nil {
		d.fatal = d.lost(err, false)
		return false
	}
	return true
}

// TrySPBefore reads a space if c follows it, for arguments that may be left out
// within a list.
func (d *Decoder) TrySPBefore(c byte) bool {
	if d.Peek() != ' ' || d.pos+1 >= len(d.line) || d.line[d.pos+1] != c {
		return false
	}
	d.pos++
	return true
}
