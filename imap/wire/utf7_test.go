package wire

import (
	"errors"
	"testing"
	"unicode/utf8"
)

func TestUTF7(t *testing.T) {
	for coded, plain := range map[string]string{
		"":      "",
		"INBOX": "INBOX",
		"a&-b":  "a&b",
		"&-":    "&",
		"&-&-":  "&&",
		// RFC 3501 section 5.1.3
		"~peter/mail/&U,BTFw-/&ZeVnLIqe-": "~peter/mail/台北/日本語",
		// RFC 9051 appendix A
		"&Jjo-!":           "☺!",
		"&U,BTF2XlZyyKng-": "台北日本語",
		"&2D3eAA-":         "😀",
		"&AOk-&-&AOk-":     "é&é",
		"&AAoAfw-":         "\n\x7f",
	} {
		got, err := DecodeUTF7(coded)
		if err != nil || got != plain {
			t.Errorf("DecodeUTF7(%q) = %q, %v, want %q", coded, got, err, plain)
		}
		if got := string(AppendUTF7([]byte("x"), plain)); got != "x"+coded {
			t.Errorf("AppendUTF7(%q) = %q, want %q", plain, got, coded)
		}
	}
}

func TestUTF7Strict(t *testing.T) {
	for in, want := range map[string]error{
		"&":                   errUTF7Open,
		"a&AOk":               errUTF7Open,
		"&AOk x-":             errUTF7Base64,
		"&A/A-":               errUTF7Base64,
		"&AOk=-":              errUTF7Base64,
		"&A-":                 errUTF7Padding,
		"&AO-":                errUTF7Padding,
		"&AOl-":               errUTF7Padding,
		"&AOkA-":              errUTF7Padding,
		"&2D0-":               errUTF7Surrogate,
		"&3gA-":               errUTF7Surrogate,
		"&2D0A6Q-":            errUTF7Surrogate,
		"&AGE-":               errUTF7ASCII,
		"&ACY-":               errUTF7ASCII,
		"&Jjo-&Jjo-":          errUTF7Null, // RFC 9051 appendix A: not permitted
		"ä":                   errUTF7Octet,
		"a\tb":                errUTF7Octet,
		"a\x7f":               errUTF7Octet,
		"&AOk-\x80":           errUTF7Octet,
		"a&U,BTFw-&ZeVnLIqe-": errUTF7Null,
	} {
		if got, err := DecodeUTF7(in); !errors.Is(err, want) {
			t.Errorf("DecodeUTF7(%q) = %q, %v, want %v", in, got, err, want)
		}
	}
}

func FuzzUTF7(f *testing.F) {
	for _, seed := range []string{"INBOX", "a&-b", "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "&2D3eAA-", "&AOk", "&AGE-", "日本語", "a\xffb", "&Jjo-&Jjo-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		// There is one form for each name, and decoding takes no other.
		if plain, err := DecodeUTF7(in); err == nil {
			if again := string(AppendUTF7(nil, plain)); again != in {
				t.Fatalf("%q was read as %q, whose form is %q", in, plain, again)
			}
		}
		coded := string(AppendUTF7(nil, in))
		plain, err := DecodeUTF7(coded)
		if err != nil || utf8.ValidString(in) && plain != in {
			t.Fatalf("%q was written as %q and read as %q, %v", in, coded, plain, err)
		}
	})
}
