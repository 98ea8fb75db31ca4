package imap

import (
	"strconv"

	"poststube/mail"
	"poststube/uidset"
)

// uidplus is RFC 4315, part of IMAP4rev2: UID EXPUNGE (RFC 9051 section 6.4.9),
// and the codes APPENDUID and COPYUID.
func uidplus() extension {
	return extension{
		name:         "UIDPLUS",
		rfc:          "RFC 4315",
		capabilities: always("UIDPLUS"),
		commands: []command{{
			name:   "UID EXPUNGE",
			states: selected,
			read: func(p *parser) run {
				p.SP()
				n := readNumbers(p, true)
				return func(s *session) (answer, error) {
					uids, err := s.resolve(n)
					if err != nil {
						return answer{}, err
					}
					return s.expungeSome(uids)
				}
			},
		}},
	}
}

// appendUID is the code of a successful APPEND.
func appendUID(a mail.Appended) string {
	return uidCode("APPENDUID ", a.UIDValidity, a.UIDs)
}

// copyUID is the code of a successful COPY or MOVE. Without any message there
// is none.
func copyUID(c mail.Copied) string {
	if c.From.Empty() {
		return ""
	}
	return uidCode("COPYUID ", c.UIDValidity, c.From, c.To)
}

func uidCode(name string, validity uint32, sets ...uidset.Set) string {
	b := strconv.AppendUint([]byte(name), uint64(validity), 10)
	for _, set := range sets {
		b = set.Append(append(b, ' '))
	}
	return string(b)
}
