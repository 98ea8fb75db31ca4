package imap

import (
	"fmt"
	"testing"
)

func TestParseURL(t *testing.T) {
	for url, want := range map[string]string{
		// RFC 4469 appendix A, RFC 8508 section 4.2
		"/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER": "Drafts 385759045 20 HEADER",
		"/Drafts;UIDVALIDITY=385759045/;UID=20/;section=1.MIME": "Drafts 385759045 20 1.MIME",
		"/INBOX;UIDVALIDITY=785799047/;UID=113330/;section=1.5": "INBOX 785799047 113330 1.5",
		"/Drafts/;UID=3002":                                 "Drafts 0 3002 ",
		";UID=20/;SECTION=TEXT":                             " 0 20 TEXT",
		"Projects/A/;uid=7":                                 "Projects/A 0 7 ",
		"/Entw%C3%BCrfe/;UID=7/;PARTIAL=100.20":             "Entwürfe 0 7 <100.20>",
		"/a%2Fb%3Bc/;UID=7/;SECTION=1.2.TEXT/;PARTIAL=100":  "a/b;c 0 7 1.2.TEXT<100.9223372036854775807>",
		"/x/;UID=7/;SECTION=HEADER.FIELDS%20(To%20Subject)": "x 0 7 HEADER.FIELDS (To Subject)",
		"/Drafts;UIDVALIDITY=385759045/;UID=0":              "",
		"/Drafts;UIDVALIDITY=0/;UID=1":                      "",
		"/Drafts/;UID=+1":                                   "",
		"/Drafts/;UID=1;section=1":                          "",
		"/Drafts/;UID=1/;SECTION=1.5.9x":                    "",
		"/Drafts/;UID=1/;SECTION=HEADER%5D%0d%0ax":          "",
		"/Drafts/;UID=1/;SECTION={3}":                       "",
		"/Drafts/;UID=1/;PARTIAL=-1":                        "",
		"/Drafts/;UID=1/;PARTIAL=1.0":                       "",
		"/Drafts/;UID=1/;PARTIAL=":                          "",
		"/Dra%fts/;UID=1":                                   "",
		"/Drafts;UID=1":                                     "",
		"//;UID=1":                                          "",
		"/;UID=1":                                           "",
		"//example.org/Drafts/;UID=1":                       "",
		"imap://example.org/Drafts/;UID=1":                  "",
		"imap://anna@example.org/Drafts/;UID=1/;SECTION=1":  "",
		"/Drafts": "",
		"":        "",
	} {
		u, ok := parseURL(url)
		got := ""
		if ok {
			got = fmt.Sprintf("%s %d %d %s%s", u.mailbox, u.uidValidity, u.uid, sectionName(u.section), u.window)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}

func FuzzURL(f *testing.F) {
	f.Add("/Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=1.MIME/;PARTIAL=1.2")
	f.Fuzz(func(t *testing.T, text string) {
		u, ok := parseURL(text)
		if ok && (u.uid == 0 || u.window.count < 0 || u.window.offset < 0) {
			t.Errorf("%q: %+v", text, u)
		}
	})
}
