package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"poststube/notify/localbus"
	"poststube/storetest"
)

// fakeTokens knows tokens by heart.
type fakeTokens struct {
	good map[string]Claims
	down error
}

func (f *fakeTokens) Issuer() string { return "https://id.example.org/" }

func (f *fakeTokens) Verify(_ context.Context, token string) (Claims, error) {
	if c, ok := f.good[token]; ok || f.down != nil {
		return c, f.down
	}
	return Claims{}, fmt.Errorf("%w: never heard of it", ErrToken)
}

func openTokens(t testing.TB, create, adopt bool) (*Directory, *fakeTokens) {
	t.Helper()
	f := &fakeTokens{good: make(map[string]Claims)}
	o := cheap()
	o.Tokens, o.CreateFromTokens, o.AdoptFromTokens, o.Bus = f, create, adopt, localbus.New()
	return open(t, storetest.NewKV(t), o), f
}

// token makes a token of a subject, name and groups.
func (f *fakeTokens) token(subject, name string, groups ...string) string {
	t := strings.Join(append([]string{subject, name}, groups...), "/")
	f.good[t] = Claims{Subject: subject, Name: name, Groups: groups, Grouped: groups != nil, Expires: time.Now().Add(time.Hour)}
	return t
}

const reason = `{"openid-configuration":"https://id.example.org/.well-known/openid-configuration","schemes":"bearer","status":"invalid_token"}`

func TestOAuthBearer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, f := openTokens(t, false, false)
		anna := addPerson(t, d, "anna", "secret")
		ok(t, d.AddAddress(t.Context(), anna.ID, "a.a@example.org"))
		addPerson(t, d, "ben", "")
		good, nora := f.token("s1", "anna"), f.token("s9", "nora")
		refused := []string{strings.ReplaceAll(reason, "invalid_token", "401")}
		for _, c := range []struct {
			mech       string
			responses  []string
			challenges []string
			kind       error
		}{
			// RFC 7628 section 4.1, with and without an initial response.
			{"OAUTHBEARER", []string{"n,a=anna@example.org,\x01host=server.example.com\x01port=143\x01auth=Bearer " + good + "\x01\x01"}, nil, nil},
			{"OAUTHBEARER", []string{"(none)", "n,,\x01auth=Bearer " + good + "\x01\x01"}, []string{""}, nil},
			{"OAUTHBEARER", []string{"y,,\x01auth=bearer  " + good + " \x01\x01"}, nil, nil},
			{"OAUTHBEARER", []string{"n,a=a.a@example.org,\x01auth=Bearer " + good + "\x01\x01"}, nil, nil},
			{"XOAUTH2", []string{"user=anna\x01auth=Bearer " + good + "\x01\x01"}, nil, nil},
			{"XOAUTH2", []string{"(none)", "user=a.a@example.org\x01auth=Bearer " + good + "\x01\x01"}, []string{""}, nil},
			// Section 4.3: the reason, and an answer to it.
			{"OAUTHBEARER", []string{"n,,\x01auth=Bearer guess\x01\x01", "\x01"}, []string{reason}, ErrAuth},
			{"XOAUTH2", []string{"user=anna\x01auth=Bearer guess\x01\x01", ""}, refused, ErrAuth},
			{"OAUTHBEARER", []string{"n,a=ben,\x01auth=Bearer " + good + "\x01\x01", "\x01"}, []string{reason}, ErrAuth},
			{"OAUTHBEARER", []string{"n,a=nobody,\x01auth=Bearer " + good + "\x01\x01", "\x01"}, []string{reason}, ErrAuth},
			{"OAUTHBEARER", []string{"n,,\x01auth=Bearer " + nora + "\x01\x01", "\x01"}, []string{reason}, ErrAuth},
			{"XOAUTH2", []string{"user=ben\x01auth=Bearer " + good + "\x01\x01", ""}, refused, ErrAuth},
			// What is no response.
			{"OAUTHBEARER", []string{""}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{good}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"p=tls-unique,,\x01auth=Bearer " + good + "\x01\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,anna,\x01auth=Bearer " + good + "\x01\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,a=an=na,\x01auth=Bearer " + good + "\x01\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,,\x01auth=Bearer " + good + "\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,,\x01auth=Basic " + good + "\x01\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,,\x01auth=Bearer " + good + "\x01auth=Bearer " + good + "\x01\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,,\x01auth=Bearer\x01\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,,\x01host=x\x01\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,,\x01auth=Bearer " + strings.Repeat("x", maxTokenResponse) + "\x01\x01"}, nil, ErrSyntax},
			{"OAUTHBEARER", []string{"n,,\x01auth=Bearer \xff\x01\x01"}, nil, ErrSyntax},
			{"XOAUTH2", []string{"user=\x01auth=Bearer " + good + "\x01\x01"}, nil, ErrSyntax},
			{"XOAUTH2", []string{"n,a=anna,\x01auth=Bearer " + good + "\x01\x01"}, nil, ErrSyntax},
		} {
			x := begin(t, d, c.mech, secure)
			challenges, done, err := talk(t, x, c.responses...)
			if !done || !errors.Is(err, c.kind) || !slices.Equal(challenges, c.challenges) {
				t.Errorf("%s %q: %q, %v, %v", c.mech, c.responses, challenges, done, err)
			}
			if (c.kind == nil) != (x.Principal() == anna) || (c.kind == nil) != x.(Expiring).Until().After(time.Now()) {
				t.Errorf("%s %q: logged in as %+v until %v", c.mech, c.responses, x.Principal(), x.(Expiring).Until())
			}
			_, _, err = x.Next(t.Context(), []byte("n,,\x01auth=Bearer "+good+"\x01\x01"))
			want(t, err, ErrSyntax)
		}
		// The provider cannot be asked: that is no failure of the person.
		f.down = errors.New("down")
		_, _, err := talk(t, begin(t, d, "OAUTHBEARER", secure), "n,,\x01auth=Bearer "+good+"\x01\x01")
		want(t, err, f.down)
		if got := strings.Join(d.Mechanisms(secure), " "); !strings.Contains(got, "OAUTHBEARER XOAUTH2 PLAIN") {
			t.Errorf("offers %s", got)
		}
		if got := strings.Join(d.Mechanisms(Channel{}), " "); strings.Contains(got, "OAUTH") {
			t.Errorf("in clear offers %s", got)
		}
	})
}

// tokenLogin logs in and returns the name and the groups, or "-".
func tokenLogin(t *testing.T, d *Directory, token string) string {
	t.Helper()
	x := begin(t, d, "OAUTHBEARER", secure)
	_, done, err := x.Next(t.Context(), []byte("n,,\x01auth=Bearer "+token+"\x01\x01"))
	if !done {
		_, _, err = x.Next(t.Context(), []byte("\x01"))
	}
	if errors.Is(err, ErrAuth) {
		return "-"
	}
	ok(t, err)
	return strings.TrimSpace(x.Principal().Name + " " + groupNames(t, d, x.Principal().Name))
}

// TestTokenPeople: the subject counts, not the name, and groups are those of the
// last token.
func TestTokenPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, f := openTokens(t, true, false)
		addPerson(t, d, "dora", "secret")
		addGroup(t, d, "local")
		for _, c := range []struct{ token, expected string }{
			{f.token("s1", "anna", "sales", "/All Staff", "local", "a:b"), "anna all-staff sales"},
			{f.token("s1", "anna", "sales"), "anna sales"},
			{f.token("s1", "anna"), "anna sales"}, // says nothing of groups
			{f.token("s1", "anne", "sales", "hr"), "anna hr sales"},
			{f.token("s2", "anna"), "-"},  // has got her name
			{f.token("s2", "local"), "-"}, // a group
			{f.token("s2", "a:b"), "-"},
			{f.token("s3", "dora", "hr"), "dora hr"},
			{f.token("s4", "dora"), "-"},
		} {
			if got := tokenLogin(t, d, c.token); got != c.expected {
				t.Errorf("%s: %s, not %s", c.token, got, c.expected)
			}
		}
		f.good["none"] = Claims{Subject: "s1", Name: "anna", Grouped: true}
		if got := tokenLogin(t, d, "none"); got != "anna" {
			t.Errorf("without groups: %s", got)
		}
		// Who is removed is forgotten: the name, and the subject, can be new.
		anna, err := d.ByName(t.Context(), "anna")
		ok(t, err)
		ok(t, d.Remove(t.Context(), anna.ID))
		if got := tokenLogin(t, d, f.token("s2", "anna")); got != "anna" {
			t.Errorf("the next anna: %s", got)
		}
		// Nobody is made where that is not allowed, and groups of here are taken
		// where it is.
		d, f = openTokens(t, false, false)
		addPerson(t, d, "anna", "")
		if a, b := tokenLogin(t, d, f.token("s1", "anna", "sales")), tokenLogin(t, d, f.token("s2", "ben")); a != "anna" || b != "-" {
			t.Errorf("without create: %s, %s", a, b)
		}
		d, f = openTokens(t, false, true)
		addPerson(t, d, "anna", "")
		addGroup(t, d, "local")
		if got := tokenLogin(t, d, f.token("s1", "anna", "local", "sales")); got != "anna local" {
			t.Errorf("with adopt: %s", got)
		}
	})
}
