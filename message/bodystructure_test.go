package message

import (
	"strings"
	"testing"
)

func TestBodyStructure(t *testing.T) {
	for _, tt := range []struct{ name, in, body, structure string }{
		{
			"text without MIME", "Subject: x\r\n\r\nbody\r\n",
			`("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1)`,
			`("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL)`,
		},
		{
			"as written, default charset added", "Content-Type: TEXT/Html; Format=flowed\r\nContent-Transfer-Encoding: QUOTED-PRINTABLE\r\n\r\nx",
			`("TEXT" "Html" ("Format" "flowed" "charset" "us-ascii") NIL NIL "QUOTED-PRINTABLE" 1 0)`,
			`("TEXT" "Html" ("Format" "flowed" "charset" "us-ascii") NIL NIL "QUOTED-PRINTABLE" 1 0 NIL NIL NIL NIL)`,
		},
		{
			"all fields", "Content-Type: image/png; name=\"a b\"\r\nContent-ID: <i@d>\r\nContent-Description: d\r\nContent-MD5: m\r\nContent-Disposition: inline; filename=x; size=3\r\nContent-Language: de, en\r\nContent-Location: u\r\nContent-Transfer-Encoding: base64\r\n\r\nx",
			`("image" "png" ("name" "a b") "<i@d>" "d" "base64" 1)`,
			`("image" "png" ("name" "a b") "<i@d>" "d" "base64" 1 "m" ("inline" ("filename" "x" "size" "3")) ("de" "en") "u")`,
		},
		{
			"disposition without parameters", "Content-Type: a/b\r\nContent-Disposition: inline\r\n\r\n",
			`("a" "b" NIL NIL NIL "7bit" 0)`,
			`("a" "b" NIL NIL NIL "7bit" 0 NIL ("inline" NIL) NIL NIL)`,
		},
		{
			"multipart", mp("b", "--b\r\n\r\none\r\n--b\r\nContent-Type: a/b\r\n\r\n\r\n--b--"),
			`(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0)("a" "b" NIL NIL NIL "7bit" 0) "mixed")`,
			`(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 0 NIL NIL NIL NIL)("a" "b" NIL NIL NIL "7bit" 0 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)`,
		},
		{
			"multipart without parts", mp("b", "x"),
			`(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) "mixed")`,
			`(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)`,
		},
		{
			"message", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n",
			`("message" "rfc822" NIL NIL NIL "7bit" 21 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1) 3)`,
			`("message" "rfc822" NIL NIL NIL "7bit" 21 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)`,
		},
		{
			"RFC 2231", "Content-Type: a/b; name*0*=utf-8'de'%c3%bc; name*1=\"100%\"; x*1=2; x*0=1; y*1=gap\r\n\r\n",
			`("a" "b" ("name*" "utf-8'de'%c3%bc100%25" "x" "12" "y*1" "gap") NIL NIL "7bit" 0)`,
			`("a" "b" ("name*" "utf-8'de'%c3%bc100%25" "x" "12" "y*1" "gap") NIL NIL "7bit" 0 NIL NIL NIL NIL)`,
		},
	} {
		root := parseString(t, tt.in)
		if got := string(root.AppendBodyStructure(nil, false)); got != tt.body {
			t.Errorf("%s: BODY\n got  %s\n want %s", tt.name, got, tt.body)
		}
		if got := string(root.AppendBodyStructure(nil, true)); got != tt.structure {
			t.Errorf("%s: BODYSTRUCTURE\n got  %s\n want %s", tt.name, got, tt.structure)
		}
	}
}

// TestBodyStructureRFC is the example of RFC 9051 section 7.5.2.
func TestBodyStructureRFC(t *testing.T) {
	lines := func(n, lines int) string {
		return strings.Repeat("\r\n", lines) + strings.Repeat("x", n-2*lines)
	}
	root := parseString(t, mp("b", "--b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\nContent-Transfer-Encoding: 7BIT\r\n\r\n"+lines(1152, 23)+
		"\r\n--b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=cc.diff\r\nContent-ID: <960723163407.20117h@cac.washington.edu>\r\nContent-Description: Compiler diff\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"+lines(4554, 73)+"\r\n--b--"))
	want := `(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 1152 23)("TEXT" "PLAIN" ("CHARSET" "US-ASCII" "NAME" "cc.diff") "<960723163407.20117h@cac.washington.edu>" "Compiler diff" "BASE64" 4554 73) "mixed")`
	if got := string(root.AppendBodyStructure(nil, false)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
