package imap

// base is the protocol itself, in both versions. Each command is in a file of
// its name.
func base() extension {
	return extension{
		name: "IMAP4rev2",
		rfc:  "RFC 9051, RFC 3501",
		capabilities: func(s *session) []string {
			c := []string{"IMAP4rev1", "IMAP4rev2"}
			if s.offersTLS() {
				c = append(c, "STARTTLS")
			}
			if s.in == notAuthenticated && !s.secure {
				c = append(c, "LOGINDISABLED")
			}
			return c
		},
		commands: []command{
			capability(), noop(), logout(),
			starttls(), authenticate(), login(),
			selectMailbox("SELECT", false), selectMailbox("EXAMINE", true),
			create(), deleteMailbox(), rename(), subscribe(), unsubscribe(),
			list(), lsub(), status(), appendMessage(),
			check(), closeMailbox(), expunge(),
			store(false), store(true), copyMessages(false), copyMessages(true),
			fetch(false), fetch(true), searchMessages(false), searchMessages(true),
		},
		enables: []enableItem{{name: "IMAP4REV2", set: func(d *dialect) { d.rev2 = true }, announce: "IMAP4rev2"}},
		fetch:   baseFetchItems(),
		search:  baseSearchKeys(),
		status:  baseStatusItems(),
	}
}
