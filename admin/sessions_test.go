package admin

import (
	"net/netip"
	"testing"

	"poststube/mail"
)

func TestSessions(t *testing.T) {
	for _, remote := range []bool{false, true} {
		local := newLocal(t, 1<<20)
		var s Service = local
		if remote {
			s = listen(t, local)
		}
		ctx := t.Context()
		_, err := local.AddUsers(ctx, []NewUser{{"anna", ""}, {"ben", ""}}, nil)
		must(t, err)

		// No server runs here.
		got, err := s.Who(ctx)
		must(t, err)
		equal(t, got, []Session{})
		got, err = s.Kick(ctx, Kick{User: "anna"})
		must(t, err)
		equal(t, got, []Session{})

		a := Session{ID: "imap:1", User: "anna", Remote: netip.MustParseAddr("192.0.2.7"), Client: "Mutt", Mailbox: "INBOX"}
		b := Session{ID: "imap:2", User: "ben", Remote: netip.MustParseAddr("192.0.2.7")}
		c := Session{ID: "imap:3", User: "ben", Remote: netip.MustParseAddr("2001:db8::1")}
		l := Session{ID: "lmtp:1"} // by a unix socket
		var ended []Session
		local.Online = &Online{
			Sessions: func() []Session { return []Session{a, b, c, l} },
			End:      func(list []Session) { ended = list },
		}
		got, err = s.Who(ctx)
		must(t, err)
		equal(t, got, []Session{a, b, c, l})
		for _, tt := range []struct {
			which Kick
			want  []Session
		}{
			{Kick{User: "BEN"}, []Session{b, c}},
			{Kick{Address: "192.0.2.7"}, []Session{a, b}},
			{Kick{Address: "::ffff:192.0.2.7"}, []Session{a, b}},
			{Kick{Address: "192.0.2.99/24", User: "ben"}, []Session{b}},
			{Kick{Address: "2001:db8::/32"}, []Session{c}},
			{Kick{Session: "lmtp:1"}, []Session{l}},
			{Kick{Session: "lmtp:9"}, []Session{}},
		} {
			ended = nil
			got, err := s.Kick(ctx, tt.which)
			must(t, err)
			equal(t, got, tt.want)
			equal(t, ended, tt.want)
		}
		for _, which := range []Kick{{}, {Address: "here"}, {Address: "192.0.2.7/40"}} {
			_, err := s.Kick(ctx, which)
			wantKind(t, err, mail.Invalid)
		}
		_, err = s.Kick(ctx, Kick{User: "nobody"})
		wantKind(t, err, mail.NotFound)
	}
}
