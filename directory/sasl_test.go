package directory

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"poststube/storetest"
)

var secure = Channel{Origin: home, Secure: true}

// begin starts an exchange.
func begin(t testing.TB, d *Directory, mech string, ch Channel) Exchange {
	t.Helper()
	x, err := d.Mechanism(mech, ch)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// talk sends responses and returns the challenges and the error that ended it.
func talk(t testing.TB, x Exchange, responses ...string) (challenges []string, done bool, err error) {
	t.Helper()
	for i, r := range responses {
		var b []byte
		if r != "(none)" {
			b = []byte(r)
		}
		var challenge []byte
		challenge, done, err = x.Next(t.Context(), b)
		if done && i < len(responses)-1 {
			t.Errorf("over after %q: %v", r, err)
		}
		if done || err != nil {
			return challenges, done, err
		}
		challenges = append(challenges, string(challenge))
	}
	return challenges, done, err
}

func TestMechanisms(t *testing.T) {
	d := openCheap(t)
	strict := cheap()
	strict.SCRAMIterations = -1
	s := open(t, storetest.NewKV(t), strict)
	server, _ := tlsPair(t, 0)
	bound := secure
	bound.TLS = server
	for _, c := range []struct {
		d        *Directory
		ch       Channel
		expected string
	}{
		{d, Channel{}, "SCRAM-SHA-256 SCRAM-SHA-1"},
		{d, secure, "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN"},
		{d, bound, "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN"},
		{s, Channel{}, ""},
		{s, bound, "PLAIN LOGIN"},
	} {
		names := c.d.Mechanisms(c.ch)
		if got := strings.Join(names, " "); got != c.expected {
			t.Errorf("got %q, want %q", got, c.expected)
		}
		for i := range mechanisms {
			name := mechanisms[i].name
			_, err := c.d.Mechanism(strings.ToLower(name), c.ch)
			if slices.Contains(names, name) {
				ok(t, err)
			} else {
				want(t, err, ErrMechanism)
			}
		}
	}
	_, err := d.Mechanism("CRAM-MD5", secure)
	want(t, err, ErrMechanism)
}

func TestPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openCheap(t)
		anna := addPerson(t, d, "anna", "secret")
		addPerson(t, d, "ben", "secret")
		for _, c := range []struct {
			name      string
			responses []string
			kind      error
		}{
			{"initial response", []string{"\x00anna\x00secret"}, nil},
			{"no initial response", []string{"(none)", "\x00anna\x00secret"}, nil},
			{"as oneself", []string{"Anna@example.org\x00anna\x00secret"}, nil},
			{"as another", []string{"ben\x00anna\x00secret"}, ErrAuth},
			{"as nobody", []string{"nobody\x00anna\x00secret"}, ErrAuth},
			{"as a bad name", []string{"a:b\x00anna\x00secret"}, ErrAuth},
			{"wrong password", []string{"\x00anna\x00Secret"}, ErrAuth},
			{"empty", []string{""}, ErrSyntax},
			{"empty after asking", []string{"(none)", ""}, ErrSyntax},
			{"asked twice", []string{"(none)", "(none)"}, ErrSyntax},
			{"one NUL", []string{"anna\x00secret"}, ErrSyntax},
			{"three NULs", []string{"\x00anna\x00secret\x00"}, ErrSyntax},
			{"no name", []string{"\x00\x00secret"}, ErrSyntax},
			{"no password", []string{"\x00anna\x00"}, ErrSyntax},
			{"not UTF-8", []string{"\x00\xff\x00secret"}, ErrSyntax},
			{"too long", []string{"\x00anna\x00" + strings.Repeat("x", maxResponse)}, ErrSyntax},
		} {
			x := begin(t, d, "PLAIN", secure)
			_, done, err := talk(t, x, c.responses...)
			if !done || !errors.Is(err, c.kind) {
				t.Errorf("%s: %v, %v", c.name, done, err)
			}
			if p := x.Principal(); (c.kind == nil) != (p == anna) || c.kind != nil && p.ID != 0 {
				t.Errorf("%s: logged in as %+v", c.name, p)
			}
			_, _, err = x.Next(t.Context(), []byte("\x00anna\x00secret"))
			want(t, err, ErrSyntax) // an exchange happens once
		}
	})
}

func TestLoginMechanism(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openCheap(t)
		addPerson(t, d, "anna", "secret")
		for _, c := range []struct {
			responses  []string
			challenges string
			kind       error
		}{
			{[]string{"(none)", "anna", "secret"}, "Username: Password:", nil},
			{[]string{"anna", "secret"}, "Password:", nil},
			{[]string{"anna", "guess"}, "Password:", ErrAuth},
			{[]string{"(none)", "nobody", "guess"}, "Username: Password:", ErrAuth},
			{[]string{"(none)", ""}, "Username:", ErrSyntax},
			{[]string{"(none)", "(none)"}, "Username:", ErrSyntax},
			{[]string{"anna", ""}, "Password:", ErrSyntax},
			{[]string{"an\x00na"}, "", ErrSyntax},
			{[]string{"anna", "\xff"}, "Password:", ErrSyntax},
			{[]string{strings.Repeat("a", maxResponse+1)}, "", ErrSyntax},
		} {
			x := begin(t, d, "LOGIN", secure)
			challenges, done, err := talk(t, x, c.responses...)
			if !done || !errors.Is(err, c.kind) || strings.Join(challenges, " ") != c.challenges {
				t.Errorf("%q: %q, %v, %v", c.responses, challenges, done, err)
			}
			if (c.kind == nil) != (x.Principal().Name == "anna") {
				t.Errorf("%q: logged in as %+v", c.responses, x.Principal())
			}
			_, _, err = x.Next(t.Context(), []byte("secret"))
			want(t, err, ErrSyntax)
		}
	})
}

// TestEachFailureOnce: whatever goes wrong in a mechanism is one line in the log.
func TestEachFailureOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log recorder
		o := cheap()
		o.Log = slog.New(&log)
		d := open(t, storetest.NewKV(t), o)
		addPerson(t, d, "anna", "secret")
		proof := base64.StdEncoding.EncodeToString(make([]byte, 32))
		for _, c := range []struct {
			mech      string
			responses []string
			reason    string
		}{
			{"PLAIN", []string{"x"}, "syntax"},
			{"PLAIN", []string{"\x00anna\x00guess"}, "password"},
			{"PLAIN", []string{"\x00ben\x00guess"}, "name"},
			{"PLAIN", []string{"ben\x00anna\x00secret"}, "authorization identity"},
			{"LOGIN", []string{"anna", "guess"}, "password"},
			{"LOGIN", []string{"anna", ""}, "syntax"},
			{"SCRAM-SHA-256", []string{"x"}, "syntax"},
			{"SCRAM-SHA-256", []string{"n,,n=anna,r=abc", "x"}, "syntax"},
			{"SCRAM-SHA-256", []string{"n,,n=anna,r=abc", "c=biws,r=wrong,p=" + proof}, "nonce"},
			{"SCRAM-SHA-256", []string{"n,,n=anna,r=abc", "c=eSws,r=wrong,p=" + proof}, "channel binding"},
			{"SCRAM-SHA-1", []string{"n,,n=ben,r=abc", "c=eSws,r=wrong,p=" + proof}, "name"},
		} {
			_, _, err := talk(t, begin(t, d, c.mech, secure), c.responses...)
			if err == nil {
				t.Errorf("%s %q succeeded", c.mech, c.responses)
			}
			records := log.take()
			if len(records) != 1 || records[0]["msg"] != "auth failed" || records[0]["reason"] != c.reason ||
				records[0]["mech"] != c.mech || records[0]["remote"] != "192.0.2.7" || records[0]["proto"] != "imap" {
				t.Errorf("%s %q: logged %v, want reason %q", c.mech, c.responses, records, c.reason)
			}
		}
	})
}

// FuzzSASL talks to every mechanism with arbitrary responses, parted by a line
// feed. Nobody may get in, nothing may grow, nothing may panic.
func FuzzSASL(f *testing.F) {
	proof := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for i := range mechanisms {
		for _, s := range []string{
			"", "\n", "\x00anna\x00guess", "anna\nguess", "\x00\xff\x00x", "u1\x00u2\nx",
			"n,,n=anna,r=abc\nc=biws,r=abcNONCE,p=" + proof, "y,a=an=2Cna,n=a=3Dn,r=x,x=y\nc=eSws,r=xNONCE,p=" + proof + "\n",
			"p=tls-exporter,,n=anna,r=abc\nc=cD10bHMtZXhwb3J0ZXIsLA==,r=abcNONCE,p=" + proof, "n,,m=x,n=anna,r=abc", "n,,n=a=b,r=c",
		} {
			f.Add(byte(i), []byte(s))
		}
	}
	ctx := context.Background()
	for _, s := range []string{"n,,\x01auth=Bearer guess\x01\x01\n\x01", "n,a=an=2Cna,\x01host=x\x01auth=bearer x\x01\x01", "user=anna\x01auth=Bearer x\x01\x01\n", "y,\x01auth=\x01\x01"} {
		f.Add(byte(4), []byte(s))
		f.Add(byte(5), []byte(s))
	}
	o := cheap()
	o.Tokens = &fakeTokens{}
	d, err := Open(ctx, newMapDB(), o)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := d.AddPerson(ctx, "anna", rand32()); err != nil {
		f.Fatal(err)
	}
	server, _ := tlsPair(f, 0)
	ch := Channel{Origin: home, Secure: true, TLS: server}
	f.Fuzz(func(t *testing.T, i byte, input []byte) {
		x := mechanisms[int(i)%len(mechanisms)].start(d, ch)
		if s, ok := x.(*scramExchange); ok {
			s.nonce = func() string { return "NONCE" }
		}
		// A failure waits for its penalty, unless the client is gone.
		gone, hangUp := context.WithCancel(t.Context())
		hangUp()
		for _, response := range bytes.Split(input, []byte("\n")) {
			challenge, done, err := x.Next(gone, response)
			if len(challenge) > 2*maxResponse {
				t.Errorf("a challenge of %d octets", len(challenge))
			}
			if done && err == nil || x.Principal().ID != 0 {
				t.Errorf("logged in as %+v", x.Principal())
			}
		}
	})
}
