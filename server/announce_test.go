package server

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/mail"
)

func TestAnnouncement(t *testing.T) {
	person := func(name string) directory.Principal {
		return directory.Principal{ID: 1, Kind: directory.Person, Name: name}
	}
	for language, want := range map[string][]string{
		"en": {"Subject: anna shares \"Users/anna/Projekte\" with you\r\n", "\r\n    Users/anna/Projekte\r\n", "the group sales, of which", "do there: see the folder and read messages.\r\n"},
		"de": {"Subject: =?utf-8?q?anna_teilt_", "\r\n    Users/anna/Projekte\r\n", "mit der Gruppe sales, zu der du gehörst, ein Postfach geteilt:", "dort darfst: den Ordner sehen und Nachrichten lesen.\r\n"},
	} {
		a, err := newAnnouncer(language, "mail.example.org", slog.Default())
		if err != nil {
			t.Fatal(err)
		}
		to := mail.Grantee{Person: person("jürgen"), Name: "Users/anna/Projekte", Groups: []directory.Principal{{Name: "sales"}}}
		text, err := a.compose(mail.Grant{By: person("anna"), Rights: acl.Lookup | acl.Read}, to, time.Unix(1e9, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range append(want, "From: postmaster@mail.example.org\r\n", "To: =?utf-8?q?j=C3=BCrgen?=\r\n", "Auto-Submitted: auto-generated\r\n") {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s: no %q in\n%s", language, w, text)
			}
		}
		if strings.Contains(strings.ReplaceAll(string(text), "\r\n", ""), "\n") {
			t.Errorf("%s: bare LF in\n%s", language, text)
		}
	}
	if _, err := newAnnouncer("fr", "", nil); err == nil {
		t.Error("fr was taken")
	}
}
