package message

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCharsetReader(t *testing.T) {
	for _, tt := range []struct{ charset, in, want string }{
		{"utf-8", "ü€😀", "ü€😀"},
		{"", "a\xfcb", "aüb"},
		{"us-ascii", "\x80", "€"},
		{"UTF8", "\xe2\x82", "â‚"},
		{" UTF-8 ", "ü", "ü"},
		{"ISO-8859-1", "\xfc\x80", "ü€"},
		{"latin1", "\xfc", "ü"},
		{"iso-8859-15", "\xa4", "€"},
		{"windows-1251", "\xcf", "П"},
		{"koi8-r", "\xf0", "П"},
		{"cp1252", "\x80", "€"},
		{"cp850", "\x81", "ü"},
		{"ibm437", "\x81", "ü"},
		{"iso-8859-8-i", "\xe0", "א"},
		{"Shift_JIS", "\x82\xa0", "あ"},
		{"iso-2022-jp", "\x1b$B$\"\x1b(B", "あ"},
		{"euc-kr", "\xb0\xa1", "가"},
		{"ks_c_5601-1987", "\xb0\xa1", "가"},
		{"gb2312", "\xc4\xe3", "你"},
		{"gb18030", "\xc4\xe3", "你"},
		{"cp936", "\xc4\xe3", "你"},
		{"hz-gb-2312", "~{<:~}", "己"},
		{"big5", "\xa7\x41", "你"},
		{"utf-16", "\xfe\xff\x00a", "a"},
		{"utf-16le", "a\x00", "a"},
		{"utf-7", "A+ImIDkQ.", "A≢Α."},
		{"unicode-1-1-utf-7", "+-+AOkA6Q-x", "+ééx"},
		{"utf-7", "+2D3eAA-", "😀"},
		{"utf-7", "+2D0-x+3gA-\xff", "\ufffdx\ufffd\ufffd"},
		{"utf-7", "+2D0", "\ufffd"},
	} {
		for _, split := range []bool{false, true} {
			in := io.Reader(strings.NewReader(tt.in))
			if split {
				in = iotest.OneByteReader(in)
			}
			r, ok := CharsetReader(tt.charset, in)
			if !ok {
				t.Errorf("%s: unknown", tt.charset)
				continue
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s %q: got %q, %v, want %q", tt.charset, tt.in, got, err, tt.want)
			}
		}
	}
	for _, charset := range []string{"nonsense", "cp0", "iso-2022-cn", "replacement", "x"} {
		if _, ok := CharsetReader(charset, strings.NewReader("")); ok {
			t.Errorf("%s: known", charset)
		}
	}
}

func TestAppendCasemap(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"Abc 1", "ABC 1"},
		{"straße", "STRAßE"}, // simple titlecase: ß has none
		{"ü", "U\u0308"},
		{"ﬁ", "fi"}, // titlecase comes first
		{"ǆ", "D\u007az\u030c"},
		{"ａ", "A"},
	} {
		if tt.in == "ǆ" {
			tt.want = "Dz\u030c"
		}
		if got := string(AppendCasemap(nil, tt.in)); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
	if string(AppendCasemap([]byte("x"), "ÄRGER")) != "x"+string(AppendCasemap(nil, "ärger")) {
		t.Error("case makes a difference")
	}
}
