package imap

import "poststube/mail"

// saveDate is RFC 8514: when a message came into the mailbox in which it is.
// Every message has such a date.
func saveDate() extension {
	return extension{
		name:         "SAVEDATE",
		rfc:          "RFC 8514",
		capabilities: always("SAVEDATE"),
		fetch: []fetchItem{simpleItem("SAVEDATE", 0, func(s *session, m *fetched) {
			s.enc.Raw("SAVEDATE ").DateTime(m.SaveDate())
		})},
		search: []searchKey{
			dateKey("SAVEDBEFORE", mail.QSavedBefore), dateKey("SAVEDON", mail.QSavedOn), dateKey("SAVEDSINCE", mail.QSavedSince),
			plainKey("SAVEDATESUPPORTED", &mail.Query{Op: mail.QAll}),
		},
	}
}
