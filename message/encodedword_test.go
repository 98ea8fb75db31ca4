package message

import (
	"strings"
	"testing"
)

func TestDecodeHeader(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"plain", "plain"},
		{"", ""},
		{"folded\r\n value", "folded value"},
		// RFC 2047 section 8.
		{"(=?ISO-8859-1?Q?a?=)", "(a)"},
		{"(=?ISO-8859-1?Q?a?= b)", "(a b)"},
		{"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},
		{"(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"},
		{"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"},
		{"(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
		{"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"},
		{"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"},
		{"=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>", "Keld Jørn Simonsen <keld@dkuug.dk>"},
		{"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=", "If you can read this you understand the example."},
		{"=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=", "םולש ןב ילטפנ"},
		// RFC 2231 section 5.
		{"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},
		// Characters split between words.
		{"=?utf-8?q?=C3?= =?UTF-8?q?=BC?=", "ü"},
		{"=?utf-8?b?w7w=?= =?utf-8?q?=C3=BC?=", "üü"},
		{"=?iso-2022-jp?B?GyRCJCIbKEI=?= =?iso-2022-jp?B?GyRCJCQbKEI=?=", "あい"},
		{"=?gb2312?B?xOO6ww==?=", "你好"},
		{"=?utf-7?q?Hi_Mom_+Jjo-!?=", "Hi Mom ☺!"},
		// What must not be, but is.
		{"a=?utf-8?q?b?=c", "abc"},
		{"=?utf-8?q?a b?=", "a b"},
		{"=?utf-8?Q?a?b?=", "a?b"},
		{"=?utf-8?q?=zz=4?=", "=zz=4"},
		{"=?utf-8?b?w7w?=", "ü"},
		{"=?utf-8?b?w7 w=!?=", "ü"},
		{"=?x-none?q?=C3=BC?=", "ü"},
		{"=?utf-8?q?=FC?=", "ü"},
		{"=??q?x?=", "=??q?x?="},
		{"=?utf-8?x?x?=", "=?utf-8?x?x?="},
		{"=?utf-8?q?open", "=?utf-8?q?open"},
		{"=?utf-8?", "=?utf-8?"},
		{"=?", "=?"},
		{"=?a b?q?x?= =?utf-8?q?y?=", "=?a b?q?x?= y"},
		{"=?" + strings.Repeat("x", 100) + "?q?x?=", "=?" + strings.Repeat("x", 100) + "?q?x?="},
		// Raw octets.
		{"\xc3\xbc", "ü"},
		{"\xfc", "ü"},
		{"\xfc =?utf-8?q?=C3=BC?= \xc3\xbc", "ü ü ü"},
		{"\x80\x9d", "€\ufffd"},
	} {
		if got := DecodeHeader([]byte(tt.in)); got != tt.want {
			t.Errorf("%q\n got  %q\n want %q", tt.in, got, tt.want)
		}
	}
}
