package imap

import (
	"context"
	"testing"

	"poststube/mail"
)

func TestPatiently(t *testing.T) {
	srv := newTestServer(t)
	s := newSession(srv, silentConn{}, nil)
	got, err := patiently(s, func(context.Context) (int, error) { return 7, context.Canceled })
	if got != 7 || err != context.Canceled {
		t.Errorf("got %d, %v", got, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a panic has got lost")
		}
	}()
	patiently(s, func(context.Context) (int, error) { panic("boom") })
}

func TestProgressCode(t *testing.T) {
	var none, some, all mail.Progress
	some.Count(812, 5400)
	all.Count(400, 400)
	for _, c := range []struct {
		tag  string
		p    *mail.Progress
		want string
	}{
		{"m7", &none, `INPROGRESS ("m7" NIL NIL)`},
		{"m7", &some, `INPROGRESS ("m7" 812 5400)`},
		{"a]1", &some, "INPROGRESS (NIL 812 5400)"},
		{"m7", &all, `INPROGRESS ("m7" 399 400)`},
	} {
		if got := progressCode(c.tag, c.p); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
