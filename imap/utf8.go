package imap

// utf8Accept is RFC 6855: UTF-8 in quoted strings, names and messages.
func utf8Accept() extension {
	return extension{
		name:         "UTF8=ACCEPT",
		rfc:          "RFC 6855",
		capabilities: always("UTF8=ACCEPT"),
		enables:      []enableItem{{name: "UTF8=ACCEPT", announce: "UTF8=ACCEPT", set: func(d *dialect) { d.utf8 = true }}},
	}
}
