package message

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParams(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []Param
	}{
		{``, nil},
		{`; a=b`, []Param{{"a", "b"}}},
		{` ; A = "b c" ; d=e (comment)`, []Param{{"A", "b c"}, {"d", "e"}}},
		{`; a="b\"c\\d\e"`, []Param{{"a", `b"c\de`}}},
		{"; a=\"b\r\n c\"", []Param{{"a", "b c"}}},
		{`; a="x;y=z"; b=1`, []Param{{"a", "x;y=z"}, {"b", "1"}}},
		{`; a=; b=1`, []Param{{"a", ""}, {"b", "1"}}},
		{`; a=""`, []Param{{"a", ""}}},
		// What RFC 2045 does not allow.
		{` a=b`, []Param{{"a", "b"}}},
		{`;; a=b ;;; c=d;`, []Param{{"a", "b"}, {"c", "d"}}},
		{`; a="b" c=d`, []Param{{"a", "b"}, {"c", "d"}}},
		{`; junk; a=b`, []Param{{"a", "b"}}},
		{`; junk "x; y=z" ; a=b`, []Param{{"a", "b"}}},
		{`; =x; a=b`, []Param{{"a", "b"}}},
		{`; a=x/y@z=?`, []Param{{"a", "x/y@z=?"}}},
		{`; a==?utf-8?b?QQ==?=; c=d`, []Param{{"a", "=?utf-8?b?QQ==?="}, {"c", "d"}}},
		{`; a="unclosed; b=c`, []Param{{"a", "unclosed"}, {"b", "c"}}},
		{`; a=b (unclosed; c=d`, []Param{{"a", "b"}, {"c", "d"}}},
		{"; a=\"\xfc\xff\"", []Param{{"a", "\xfc\xff"}}},
		// RFC 2231 section 3.
		{`; URL*0="ftp://"; URL*1="cs.utk.edu/x"`, []Param{{"URL", "ftp://cs.utk.edu/x"}}},
		{`; a*2=c; a*0=a; a*1=b`, []Param{{"a", "abc"}}},
		{`; a*10=x; a*0=0`, []Param{{"a", "0"}, {"a*10", "x"}}},
		{`; a*1=b`, []Param{{"a*1", "b"}}},
		{`; A*0=a; a*1=b`, []Param{{"A", "ab"}}},
		// RFC 2231 section 4.
		{`; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A`, []Param{{"title*", "us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"}}},
		{`; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2="isn't it!"`,
			[]Param{{"title*", "us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn't it!"}}},
		{`; a*0=x%; a*1*=%41`, []Param{{"a*", "''x%25%41"}}},
		// Names that only look like sections.
		{`; a**=x; *=y; *0=z; a*b=1; a*0x=2; a*99999999999999999999=3`,
			[]Param{{"a**", "x"}, {"*", "y"}, {"*0", "z"}, {"a*b", "1"}, {"a*0x", "2"}, {"a*99999999999999999999", "3"}}},
	} {
		l := lexer{b: []byte(tt.in)}
		if got := l.params(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s\n got  %q\n want %q", tt.in, got, tt.want)
		}
	}
}

func TestDecodeParam(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"a", "plain", "plain"},
		{"a", "=?utf-8?q?=C3=BC?=", "ü"},
		{"a", "\xfc", "ü"},
		{"a*", "utf-8''%c3%bc", "ü"},
		{"a*", "iso-8859-1'de'%fc%", "ü%"},
		{"a*", "UTF-8''%e2%82", "â‚"},
		{"a*", "no quotes", "no quotes"},
		{"a*", "utf-8'one quote", "one quote"},
		{"a*", "nonsense''%c3%bc", "ü"},
		{"a*", "''%zz%4", "%zz%4"},
	} {
		if got := DecodeParam(Param{tt.name, tt.value}); got != tt.want {
			t.Errorf("%s=%s: got %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}

func TestFilename(t *testing.T) {
	for _, tt := range []struct{ header, want string }{
		{"Content-Type: a/b; name=type.txt\r\nContent-Disposition: attachment; filename=disposition.txt\r\n", "disposition.txt"},
		{"Content-Type: a/b; name=type.txt\r\nContent-Disposition: attachment\r\n", "type.txt"},
		{"Content-Type: a/b; name==?utf-8?q?=C3=BC?=\r\n", "ü"},
		{"Content-Type: a/b\r\nContent-Disposition: x; FileName*=utf-8''%c3%bc.txt\r\n", "ü.txt"},
		{"Content-Type: a/b\r\n", ""},
	} {
		if got := parseString(t, tt.header+"\r\n").Filename(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.header, got, tt.want)
		}
	}
}

func TestMaxParams(t *testing.T) {
	for _, n := range []int{MaxParams - 1, MaxParams, MaxParams + 1} {
		for _, format := range []string{"; a%d=b", "; a*%d=b", "; a%d*=b"} {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, format, i)
			}
			l := lexer{b: []byte(b.String())}
			got, want := len(l.params()), min(n, MaxParams)
			if format == "; a*%d=b" {
				want = 1
			}
			if got != want {
				t.Errorf("%d of %q: got %d, want %d", n, format, got, want)
			}
		}
	}
}

func TestContentFields(t *testing.T) {
	for _, tt := range []struct{ field, typ, subtype, encoding string }{
		{"Content-Type: text/plain charset=utf-8", "text", "plain", ""},
		{"Content-Type: ;charset=utf-8", "text", "plain", ""},
		{"Content-Type:", "text", "plain", ""},
		{"Content-Type: application/", "application", "x-unknown", ""},
		{"Content-Type: /pdf", "text", "plain", ""},
		{"Content-Type: a/b/c", "a", "b", ""},
		{"Content-Type: multipart/mixed", "text", "plain", ""},
		{"Content-Type: multipart/mixed; boundary=\"\"", "text", "plain", ""},
		{"Content-Type: a/b\r\nContent-Transfer-Encoding: base64; x", "a", "b", "base64"},
		{"Content-Type: a/b\r\nContent-Transfer-Encoding: 8 bit", "a", "b", ""},
		{"Content-Type: a/b\r\nContent-Transfer-Encoding: x-zip", "a", "b", "x-zip"},
		{"Content-Type: a/b\r\nContent-Transfer-Encoding:\r\nContent-Transfer-Encoding: base64", "a", "b", ""},
	} {
		p := parseString(t, tt.field+"\r\n\r\nx")
		if p.Type != tt.typ || p.Subtype != tt.subtype || p.Encoding != tt.encoding {
			t.Errorf("%s: got %s/%s %q, want %s/%s %q", tt.field, p.Type, p.Subtype, p.Encoding, tt.typ, tt.subtype, tt.encoding)
		}
	}
}
