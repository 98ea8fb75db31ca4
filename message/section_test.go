package message

import (
	"strings"
	"testing"
)

// rfcExample is a message with the structure of the example in RFC 9051
// section 6.4.5.1.
const rfcExample = "Subject: HEADER\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" +
	"--a\r\nContent-ID: <1.MIME>\r\n\r\n1\r\n" +
	"--a\r\nContent-Type: application/octet-stream\r\n\r\n2\r\n" +
	"--a\r\nContent-Type: message/rfc822\r\n\r\n" +
	"Subject: 3.HEADER\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\n\r\n3.1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n3.2\r\n--b--\r\n" +
	"--a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" +
	"--c\r\nContent-Type: image/gif\r\nContent-ID: <4.1.MIME>\r\n\r\n4.1\r\n" +
	"--c\r\nContent-Type: message/rfc822\r\n\r\n" +
	"Subject: 4.2.HEADER\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n" +
	"--d\r\n\r\n4.2.1\r\n--d\r\nContent-Type: multipart/alternative; boundary=e\r\n\r\n" +
	"--e\r\n\r\n4.2.2.1\r\n--e\r\nContent-Type: text/richtext\r\n\r\n4.2.2.2\r\n--e--\r\n--d--\r\n--c--\r\n--a--\r\n"

func TestRange(t *testing.T) {
	root := parseString(t, rfcExample)
	for _, tt := range []struct {
		path []int
		what Specifier
		want string // prefix of the section; "-" if there is none
	}{
		{nil, Body, rfcExample},
		{nil, Header, "Subject: HEADER\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"},
		{nil, Text, "--a\r\n"},
		{nil, MIME, "-"},
		{[]int{1}, Body, "1"},
		{[]int{1}, MIME, "Content-ID: <1.MIME>\r\n\r\n"},
		{[]int{1}, Header, "-"},
		{[]int{1}, Text, "-"},
		{[]int{1, 1}, Body, "-"},
		{[]int{2}, Body, "2"},
		{[]int{3}, Body, "Subject: 3.HEADER"},
		{[]int{3}, Header, "Subject: 3.HEADER\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"},
		{[]int{3}, Text, "--b\r\n\r\n3.1"},
		{[]int{3, 1}, Body, "3.1"},
		{[]int{3, 2}, Body, "3.2"},
		{[]int{3, 3}, Body, "-"},
		{[]int{4}, Body, "--c\r\n"},
		{[]int{4}, Header, "-"},
		{[]int{4, 1}, Body, "4.1"},
		{[]int{4, 1}, MIME, "Content-Type: image/gif\r\nContent-ID: <4.1.MIME>\r\n\r\n"},
		{[]int{4, 2}, Header, "Subject: 4.2.HEADER"},
		{[]int{4, 2}, Text, "--d\r\n\r\n4.2.1"},
		{[]int{4, 2, 1}, Body, "4.2.1"},
		{[]int{4, 2, 2}, Body, "--e"},
		{[]int{4, 2, 2, 1}, Body, "4.2.2.1"},
		{[]int{4, 2, 2, 2}, Body, "4.2.2.2"},
		{[]int{5}, Body, "-"},
		{[]int{0}, Body, "-"},
		{[]int{-1}, Body, "-"},
	} {
		start, end, ok := root.Range(tt.path, tt.what)
		if ok != (tt.want != "-") {
			t.Errorf("%v %d: exists: %v", tt.path, tt.what, ok)
		} else if ok && !strings.HasPrefix(rfcExample[start:end], tt.want) {
			t.Errorf("%v %d: got %q, want %q", tt.path, tt.what, rfcExample[start:end], tt.want)
		}
	}
}

// TestRangeSinglePart: "Every message has at least one part number."
func TestRangeSinglePart(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		path       []int
		what       Specifier
		want       string
	}{
		{"plain", "Subject: x\r\n\r\nbody", []int{1}, Body, "body"},
		{"plain", "Subject: x\r\n\r\nbody", []int{1}, MIME, "Subject: x\r\n\r\n"},
		{"plain", "Subject: x\r\n\r\nbody", []int{1, 1}, Body, "-"},
		{"plain", "Subject: x\r\n\r\nbody", []int{2}, Body, "-"},
		{"message", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody", []int{1}, Body, "Subject: in\r\n\r\nbody"},
		{"message", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody", []int{1}, Header, "Subject: in\r\n\r\n"},
		{"message", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody", []int{1}, Text, "body"},
		{"message", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody", []int{1, 1}, Body, "body"},
		{"message", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody", []int{1, 1}, MIME, "Subject: in\r\n\r\n"},
		{"message", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody", []int{1, 1, 1}, Body, "-"},
		{"empty multipart", mp("b", "--b--"), []int{1}, Body, "-"},
	} {
		root := parseString(t, tt.data)
		got := "-"
		if start, end, ok := root.Range(tt.path, tt.what); ok {
			got = tt.data[start:end]
		}
		if got != tt.want {
			t.Errorf("%s %v %d: got %q, want %q", tt.name, tt.path, tt.what, got, tt.want)
		}
	}
}

// TestFindInStoredStructure: sections are found without parsing again.
func TestFindInStoredStructure(t *testing.T) {
	root := parseString(t, rfcExample)
	stored, err := ParseStructure(root.AppendStructure(nil))
	if err != nil {
		t.Fatal(err)
	}
	start, end, ok := stored.Range([]int{4, 2, 2, 1}, Body)
	if !ok || rfcExample[start:end] != "4.2.2.1" {
		t.Errorf("got %v %q", ok, rfcExample[start:end])
	}
}
