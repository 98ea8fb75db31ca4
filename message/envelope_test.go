package message

import (
	"strings"
	"testing"
)

func TestEnvelope(t *testing.T) {
	for _, tt := range []struct{ name, header, want string }{
		{
			"RFC 9051 section 7.5.2",
			"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Terry Gray <gray@cac.washington.edu>\r\nSubject: IMAP4rev1 WG mtg summary and minutes\r\nTo: imap@cac.washington.edu\r\ncc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\nMessage-Id: <B27397-0100000@cac.washington.edu>\r\nMIME-Version: 1.0\r\n",
			`("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" (("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) ((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL "<B27397-0100000@cac.washington.edu>")`,
		},
		{"nothing", "", `(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)`},
		{
			"present but empty",
			"Date:\r\nSubject: \r\nFrom:\r\nTo: \r\nIn-Reply-To:\r\nMessage-ID: \r\n",
			`("" "" NIL NIL NIL NIL NIL NIL "" "")`,
		},
		{
			"sender and reply-to of their own, empty ones as from",
			"From: a@b\r\nSender: c@d\r\nReply-To:\r\n",
			`(NIL NIL ((NIL NIL "a" "b")) ((NIL NIL "c" "d")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL)`,
		},
		{
			"group",
			"To: g: a@b;\r\nBcc: undisclosed:;\r\n",
			`(NIL NIL NIL NIL NIL ((NIL NIL "g" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL)) NIL ((NIL NIL "undisclosed" NIL)(NIL NIL NIL NIL)) NIL NIL)`,
		},
		{
			"folding and white space",
			"Subject:  a  b\t c \r\n  d \r\nDate: Mon,\r\n\t1 Jan\r\nFrom: \"A  B\"\r\n <a@b>\r\n",
			"(\"Mon,\t1 Jan\" \"a b c d\" " + strings.Repeat(`(("A B" NIL "a" "b")) `, 3) + `NIL NIL NIL NIL NIL)`,
		},
		{
			"quotes and backslashes",
			"Subject: a \"b\" \\c\r\nTo: \"q\\\"\\\\\" <a@b>\r\n",
			`(NIL "a \"b\" \\c" NIL NIL NIL (("q\"\\" NIL "a" "b")) NIL NIL NIL NIL)`,
		},
		{
			"8-bit text is a literal, octet by octet",
			"Subject: \xc3\xbc\xfc\r\nTo: \xfc <a@b>\r\n",
			"(NIL {3}\r\n\xc3\xbc\xfc NIL NIL NIL (({1}\r\n\xfc NIL \"a\" \"b\")) NIL NIL NIL NIL)",
		},
		{
			"NUL and CR have no place in IMAP strings",
			"Subject: a\x00b\rc\r\nIn-Reply-To: \x00\xff\r\n",
			"(NIL \"abc\" NIL NIL NIL NIL NIL NIL {1}\r\n\xff NIL)",
		},
		{
			"last string, all addresses",
			"Subject: 1\r\nTo: a@b\r\nSubject: 2\r\nTo: c@d\r\n",
			`(NIL "2" NIL NIL NIL ((NIL NIL "a" "b")(NIL NIL "c" "d")) NIL NIL NIL NIL)`,
		},
		{
			"names have no case, white space before the colon",
			"SUBJECT : x\r\nmessage-id\t: y\r\n",
			`(NIL "x" NIL NIL NIL NIL NIL NIL NIL "y")`,
		},
	} {
		root := parseString(t, tt.header+"\r\n")
		if got := string(root.Envelope.AppendIMAP(nil)); got != tt.want {
			t.Errorf("%s\n got  %s\n want %s", tt.name, got, tt.want)
		}
	}
	if got := string((*Envelope)(nil).AppendIMAP(nil)); got != "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" {
		t.Errorf("no envelope: %s", got)
	}
}

// TestNoReplySplitting: whatever a header holds, its IMAP forms cannot end the
// response or a string early.
func TestNoReplySplitting(t *testing.T) {
	evil := "\"\r\n a1 OK done\r\n \x00) {5}\r\n \\"
	header := ""
	for _, name := range []string{"Subject", "Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "In-Reply-To", "Message-ID",
		"Content-ID", "Content-Description", "Content-MD5", "Content-Language", "Content-Location"} {
		header += name + ": x" + evil + "x\r\n"
	}
	header += "Content-Type: text/x; a=\"" + evil + "\"; b=" + evil + "\r\nContent-Disposition: x; f*0=\"" + evil + "\r\n"
	root := parseString(t, header+"\r\n") // checks the wire forms
	for _, b := range [][]byte{root.Envelope.AppendIMAP(nil), root.AppendBodyStructure(nil, true)} {
		if strings.ContainsAny(string(b), "\r\n\x00") {
			t.Errorf("line end in %q", b)
		}
	}
}
