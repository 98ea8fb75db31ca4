package wire

import "strings"

// systemFlags are the flags of RFC 9051 section 2.3.2 as everybody writes them.
var systemFlags = [...]string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`, `\Recent`}

// Flag reads a flag: a keyword as it was written, a system flag in its usual
// case, or another flag-extension as it was written.
func (d *Decoder) Flag() string {
	if !d.Try('\\') {
		return d.chars(atomChar, "a flag")
	}
	name := d.span(atomChar)
	if len(name) == 0 {
		d.Expected("the name of a flag")
		return ""
	}
	for _, flag := range systemFlags {
		if equalFold(name, flag[1:]) {
			return flag
		}
	}
	return `\` + string(name)
}

// FlagList reads a list of flags, which may be empty. A flag that occurs twice
// is returned once; keywords are the same in any case of their letters.
func (d *Decoder) FlagList() []string {
	var flags []string
	d.List(func() { flags = d.addFlag(flags) })
	return flags
}

// Flags reads a list of flags, or one or more flags without a list around them
// (store-att-flags).
func (d *Decoder) Flags() []string {
	if d.Peek() == '(' {
		return d.FlagList()
	}
	flags := d.addFlag(nil)
	for d.TrySP() {
		flags = d.addFlag(flags)
	}
	return flags
}

func (d *Decoder) addFlag(flags []string) []string {
	flag := d.Flag()
	for _, have := range flags {
		if strings.EqualFold(have, flag) {
			return flags
		}
	}
	return append(flags, flag)
}
