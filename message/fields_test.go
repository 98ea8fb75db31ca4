package message

import (
	"fmt"
	"strings"
	"testing"
)

const someHeader = "From mbox line\r\nSubject: one\r\n two\r\nX-Empty:\r\nsubject : \tthree\r\nno colon\r\nReceived:by x\n\tfor y\n\r\nbody: no field\r\n"

func TestFields(t *testing.T) {
	var got []string
	for f := range Fields([]byte(someHeader)) {
		got = append(got, fmt.Sprintf("%s|%s|%s", f.Name, f.Value, f.Raw))
	}
	want := []string{
		"||From mbox line\r\n",
		"Subject|one\r\n two|Subject: one\r\n two\r\n",
		"X-Empty||X-Empty:\r\n",
		"subject|three|subject : \tthree\r\n",
		"||no colon\r\n",
		"Received|by x\n\tfor y|Received:by x\n\tfor y\n",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	for range Fields([]byte(someHeader)) {
		break // stopping early must not panic
	}
	for _, header := range []string{"", "\r\n", "\n", "\r\nA: b\r\n"} {
		for f := range Fields([]byte(header)) {
			t.Errorf("%q has field %q", header, f.Raw)
		}
	}
}

func TestFieldValue(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		ok         bool
	}{
		{"Subject", "one two", true},
		{"SUBJECT", "one two", true},
		{"x-empty", "", true},
		{"body", "", false},
		{"", "", false},
		{"no colon", "", false},
		{"Received", "by x\tfor y", true},
	} {
		got, ok := FieldValue([]byte(someHeader), tt.name)
		if string(got) != tt.want || ok != tt.ok {
			t.Errorf("%s: got %q %v, want %q %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestAppendFields(t *testing.T) {
	for _, tt := range []struct {
		header string
		names  []string
		not    bool
		want   string
	}{
		{someHeader, []string{"SUBJECT"}, false, "Subject: one\r\n two\r\nsubject : \tthree\r\n\r\n"},
		{someHeader, []string{"received", "X-Empty"}, false, "X-Empty:\r\nReceived:by x\n\tfor y\n\r\n"},
		{someHeader, []string{"missing"}, false, "\r\n"},
		{someHeader, []string{"no colon", "From mbox line", ""}, false, "\r\n"},
		{someHeader, []string{"subject", "x-empty"}, true, "From mbox line\r\nno colon\r\nReceived:by x\n\tfor y\n\r\n"},
		{someHeader, nil, true, someHeader[:strings.Index(someHeader, "body")]},
		{"A: b\nC: d\n\nbody", []string{"a"}, false, "A: b\n\n"},
		{"A: b\nC: d\n\nbody", []string{"a"}, true, "C: d\n\n"},
		// RFC 9051 section 6.4.5.1: no empty line if the message has none.
		{"A: b\r\nC: d", []string{"a"}, true, "C: d"},
		{"A: b\r\nC: d", []string{"c"}, false, "C: d\r\n\r\n"},
		{"", []string{"a"}, false, "\r\n"},
		{"", []string{"a"}, true, ""},
	} {
		if got := string(AppendFields(nil, []byte(tt.header), tt.names, tt.not)); got != tt.want {
			t.Errorf("%v not=%v of %q\n got  %q\n want %q", tt.names, tt.not, tt.header, got, tt.want)
		}
	}
}

func TestUnfold(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"a b", "a b"}, {"a\r\n b\n\tc\r", "a b\tc"}, {"", ""}, {"\r\n", ""},
	} {
		if got := string(Unfold([]byte(tt.in))); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}
