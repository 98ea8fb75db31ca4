package wire

import (
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// The alphabet of modified base64 (RFC 3501 section 5.1.3).
const utf7Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,"

// utf7Values are the values of the octets of utf7Alphabet; 0xff for all others.
var utf7Values = func() (table [256]uint8) {
	for i := range table {
		table[i] = 0xff
	}
	for i := range len(utf7Alphabet) {
		table[utf7Alphabet[i]] = uint8(i)
	}
	return table
}()

// Why a name is no modified UTF-7. There is exactly one form for each name.
var (
	errUTF7Octet     = errors.New("it holds an octet that is no printing ASCII")
	errUTF7Open      = errors.New(`an "&" in it has no "-" behind it`)
	errUTF7Base64    = errors.New(`there is no modified base64 between an "&" and its "-"`)
	errUTF7Padding   = errors.New("modified base64 in it ends in the middle of a character")
	errUTF7Surrogate = errors.New("it holds half of a surrogate pair")
	errUTF7ASCII     = errors.New("it encodes printing ASCII that stands for itself")
	errUTF7Null      = errors.New("it leaves modified base64 only to enter it again")
)

// DecodeUTF7 returns the UTF-8 form of a name in modified UTF-7 (RFC 3501
// section 5.1.3). It is strict: a name that AppendUTF7 would write in another
// way is an error, which says what is wrong with it.
func DecodeUTF7(name string) (string, error) {
	i := 0
	for i < len(name) && name[i] >= 0x20 && name[i] < 0x7f && name[i] != '&' {
		i++
	}
	if i == len(name) {
		return name, nil
	}
	out := append(make([]byte, 0, len(name)), name[:i]...)
	behindShift := false
	for i < len(name) {
		c := name[i]
		if c < 0x20 || c >= 0x7f {
			return "", errUTF7Octet
		}
		if c != '&' {
			out = append(out, c)
			behindShift = false
			i++
			continue
		}
		i++
		start := i
		for i < len(name) && utf7Values[name[i]] != 0xff {
			i++
		}
		switch {
		case i == len(name):
			return "", errUTF7Open
		case name[i] != '-':
			return "", errUTF7Base64
		case i == start:
			out = append(out, '&')
			behindShift = false
		case behindShift:
			return "", errUTF7Null
		default:
			var err error
			if out, err = decodeShift(out, name[start:i]); err != nil {
				return "", err
			}
			behindShift = true
		}
		i++
	}
	return string(out), nil
}

// decodeShift appends the UTF-8 form of modified base64 to out.
func decodeShift(out []byte, text string) ([]byte, error) {
	var bits uint32
	var have uint
	var high rune // half of a surrogate pair, or 0
	for i := range len(text) {
		bits = bits<<6 | uint32(utf7Values[text[i]])
		if have += 6; have < 16 {
			continue
		}
		have -= 16
		unit := rune(bits >> have & 0xffff)
		bits &= 1<<have - 1
		switch {
		case high != 0:
			r := utf16.DecodeRune(high, unit)
			if r == utf8.RuneError {
				return nil, errUTF7Surrogate
			}
			out = utf8.AppendRune(out, r)
			high = 0
		case unit >= 0xd800 && unit < 0xdc00:
			high = unit
		case utf16.IsSurrogate(unit):
			return nil, errUTF7Surrogate
		case unit >= 0x20 && unit < 0x7f:
			return nil, errUTF7ASCII
		default:
			out = utf8.AppendRune(out, unit)
		}
	}
	switch {
	case high != 0:
		return nil, errUTF7Surrogate
	case have >= 6 || bits != 0:
		return nil, errUTF7Padding
	}
	return out, nil
}

// AppendUTF7 appends the modified UTF-7 form of name to dst. What is not UTF-8
// in name is written as U+FFFD.
func AppendUTF7(dst []byte, name string) []byte {
	for i := 0; i < len(name); {
		c := name[i]
		switch {
		case c == '&':
			dst = append(dst, '&', '-')
			i++
		case c >= 0x20 && c < 0x7f:
			dst = append(dst, c)
			i++
		default:
			dst, i = appendShift(dst, name, i)
		}
	}
	return dst
}

// appendShift appends all characters from name[i] on that don't stand for
// themselves, and returns where they end.
func appendShift(dst []byte, name string, i int) ([]byte, int) {
	var bits uint32
	var have uint
	unit := func(u rune) {
		bits = bits<<16 | uint32(u)
		for have += 16; have >= 6; {
			have -= 6
			dst = append(dst, utf7Alphabet[bits>>have&0x3f])
		}
		bits &= 1<<have - 1
	}
	dst = append(dst, '&')
	for i < len(name) && (name[i] < 0x20 || name[i] >= 0x7f) {
		r, n := utf8.DecodeRuneInString(name[i:])
		i += n
		if r >= 0x10000 {
			high, low := utf16.EncodeRune(r)
			unit(high)
			unit(low)
		} else {
			unit(r)
		}
	}
	if have > 0 {
		dst = append(dst, utf7Alphabet[bits<<(6-have)&0x3f])
	}
	return append(dst, '-'), i
}
