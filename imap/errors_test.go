package imap

import (
	"testing"

	"poststube/mail"
)

// TestCodes: everything that the engine may answer has a response code.
func TestCodes(t *testing.T) {
	for k := mail.Internal; k <= mail.NoParent; k++ {
		f := asFailure(&mail.Error{Kind: k, Text: "no"})
		if f.code == "" || f.bad || f.text != "No" {
			t.Errorf("%v: %+v", k, f)
		}
	}
	if mail.Kind(mail.NoParent+1).String() != "kind 14" {
		t.Error("there are more kinds than this test knows")
	}
}
