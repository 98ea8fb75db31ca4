package imap

import (
	"strconv"

	"poststube/mail"
)

// appendLimit is RFC 7889: how large a message may be, so that no client sends
// one for nothing.
func appendLimit() extension {
	return extension{
		name: "APPENDLIMIT",
		rfc:  "RFC 7889",
		capabilities: func(s *session) []string {
			return []string{"APPENDLIMIT=" + strconv.FormatInt(s.srv.limits.MaxMessage, 10)}
		},
		status: []statusItem{{name: "APPENDLIMIT", append: func(s *session, dst []byte, _ *mail.Status) []byte {
			return strconv.AppendInt(dst, s.srv.limits.MaxMessage, 10)
		}}},
	}
}
