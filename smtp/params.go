package smtp

import (
	"bytes"
	"strconv"
)

// mailParams are the parameters of MAIL that this server knows.
type mailParams struct {
	size int64 // SIZE (RFC 1870), 0 if not given
	utf8 bool  // SMTPUTF8 (RFC 6531)
}

// parseMailParams reads the parameters behind the path of MAIL (RFC 5321
// section 4.1.2). What LHLO does not announce is not known: 555.
func parseMailParams(s []byte) (p mailParams, err error) {
	seen := 0
	once := func(bit int) bool {
		fresh := seen&bit == 0
		seen |= bit
		return fresh
	}
	for _, param := range bytes.Fields(s) {
		key, value, hasValue := bytes.Cut(param, []byte("="))
		ok := false
		switch string(bytes.ToUpper(key)) {
		case "SIZE":
			p.size, err = strconv.ParseInt(string(value), 10, 64)
			if ne, isNum := err.(*strconv.NumError); isNum && ne.Err == strconv.ErrRange {
				return p, errTooBig // RFC 1870 allows 20 digits
			}
			ok = err == nil && p.size >= 0 && isDigits(value) && once(1)
		case "BODY": // RFC 6152; BINARYMIME is not announced
			b := string(bytes.ToUpper(value))
			ok = (b == "7BIT" || b == "8BITMIME") && once(2)
		case "SMTPUTF8":
			p.utf8 = true
			ok = !hasValue && once(4)
		default:
			return p, errParameter
		}
		if !ok {
			return p, &refusal{501, "5.5.4", "the value of " + string(key) + " is not valid, or it is given twice"}
		}
	}
	return p, nil
}

func isDigits(s []byte) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(s) > 0
}
