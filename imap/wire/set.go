package wire

import (
	"errors"

	"poststube/uidset"
)

// NumSet reads a sequence set with "*", or "$" (RFC 5182).
func (d *Decoder) NumSet() uidset.NumSet {
	if d.Try('$') {
		return uidset.NumSet{Saved: true}
	}
	at := d.offset()
	text := d.setText()
	if d.err != nil {
		return uidset.NumSet{}
	}
	set, err := uidset.ParseNumSet(text, d.Limits.Ranges)
	switch {
	case errors.Is(err, uidset.ErrTooManyRanges):
		d.fail(&Error{Kind: Limit, Code: "LIMIT", Octet: at, Text: "too many ranges in the set"})
	case err != nil:
		d.fail(&Error{Kind: Syntax, Octet: at, Text: "expected a sequence set"})
	}
	return set
}

// UIDSet reads a set of UIDs in which neither "*" nor "$" may stand, as in the
// parameters of QRESYNC (RFC 7162 section 3.2.5).
func (d *Decoder) UIDSet() uidset.Set {
	at := d.offset()
	set := d.NumSet()
	if d.err == nil && (set.Saved || set.HasStar()) {
		d.fail(&Error{Kind: Syntax, Octet: at, Text: "expected a set of UIDs without * and $"})
	}
	if d.err != nil {
		return uidset.Set{}
	}
	return set.Resolve(0)
}

// setText reads the octets that a sequence set is made of.
func (d *Decoder) setText() string {
	if !d.ready() || d.state != inLine {
		return ""
	}
	start := d.pos
	for d.pos < len(d.line) {
		if c := d.line[d.pos]; !isDigit(c) && c != ':' && c != ',' && c != '*' {
			break
		}
		d.pos++
	}
	if d.pos == start {
		d.Expected("a sequence set")
		return ""
	}
	return string(d.line[start:d.pos])
}
