package directory

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/xdg-go/scram"

	"poststube/kv"
	"poststube/storetest"
)

func rand32() string { return rand.Text() }

// setKey gives a person a SCRAM key from an RFC.
func setKey(t *testing.T, d *Directory, id ID, set func(*credentials)) {
	t.Helper()
	ok(t, d.db.Update(t.Context(), []string{lock}, func(tx kv.Tx) error {
		c, err := loadCredentials(tx, id)
		if err != nil {
			return err
		}
		set(&c)
		return tx.Set(idKey(tableCredentials, id), c.encode())
	}))
}

// TestScramVectors replays the examples of RFC 5802 section 5 and RFC 7677
// section 3, octet by octet.
func TestScramVectors(t *testing.T) {
	for _, v := range []struct {
		mech, salt, nonce string
		hash              func() hash.Hash
		responses         []string
		challenges        []string
	}{
		{
			"SCRAM-SHA-1", "QSXCR+Q6sek8bf92", "3rfcNHYJY1ZVvWVs7j", sha1.New,
			[]string{
				"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
				"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
				"",
			},
			[]string{
				"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
				"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
			},
		},
		{
			"SCRAM-SHA-256", "W22ZaJ0SNY7soEsUEjb6gQ==", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", sha256.New,
			[]string{
				"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
				"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
				"",
			},
			[]string{
				"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
				"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
			},
		},
	} {
		d := openCheap(t)
		user := addPerson(t, d, "user", "pencil")
		salt, err := base64.StdEncoding.DecodeString(v.salt)
		ok(t, err)
		key, err := newScramKey(v.hash, "pencil", salt, 4096)
		ok(t, err)
		setKey(t, d, user.ID, func(c *credentials) {
			if v.mech == "SCRAM-SHA-1" {
				c.sha1 = key
			} else {
				c.sha256 = key
			}
		})
		x := begin(t, d, v.mech, Channel{Origin: home})
		x.(*scramExchange).nonce = func() string { return v.nonce }
		challenges, done, err := talk(t, x, v.responses...)
		if !done || err != nil || x.Principal() != user || fmt.Sprint(challenges) != fmt.Sprint(v.challenges) {
			t.Errorf("%s: %v, %v, %+v\n got %q\nwant %q", v.mech, done, err, x.Principal(), challenges, v.challenges)
		}
	}
}

// client runs an independent implementation of the client's side.
func client(t testing.TB, x Exchange, h func() hash.Hash, name, password, authzid string, bind *scram.ChannelBinding, after func(step int)) error {
	t.Helper()
	c, err := scram.HashGeneratorFcn(h).NewClientUnprepped(name, password, authzid)
	if err != nil {
		t.Fatal(err)
	}
	c = c.WithMinIterations(1)
	conv := c.NewConversation()
	if bind != nil {
		conv = c.NewConversationWithChannelBinding(*bind)
	}
	challenge := ""
	for step := range 4 {
		if after != nil {
			after(step)
		}
		response := ""
		if !conv.Done() {
			if response, err = conv.Step(challenge); err != nil {
				t.Fatalf("step %d: the client refuses %q: %v", step, challenge, err)
			}
		}
		next, done, err := x.Next(t.Context(), []byte(response))
		if err != nil {
			return err
		}
		if done {
			if !conv.Valid() {
				t.Error("the server did not prove itself")
			}
			return nil
		}
		challenge = string(next)
	}
	t.Fatal("the exchange does not end")
	return nil
}

func TestScramClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openCheap(t)
		anna := addPerson(t, d, "anna", "pass,wörd=")
		addPerson(t, d, "ben", "pass,wörd=")
		addPerson(t, d, "o'hara=x", "secret")
		addPerson(t, d, "locked", "")
		for mech, h := range map[string]func() hash.Hash{"SCRAM-SHA-256": sha256.New, "SCRAM-SHA-1": sha1.New} {
			for _, c := range []struct {
				name, password, authzid string
				ok                      bool
			}{
				{"anna", "pass,wörd=", "", true},
				{"ANNA@example.org", "pass,wörd=", "", true},
				{"anna", "pass,wörd=", "anna", true},
				{"anna", "pass,wörd=", "ben", false},
				{"o'hara=x", "secret", "", true},
				{"anna", "pass", "", false},
				{"a,b", "secret", "", false},
				{"locked", "x", "", false},
				{"nobody", "pass,wörd=", "", false},
			} {
				x := begin(t, d, mech, Channel{Origin: home})
				err := client(t, x, h, c.name, c.password, c.authzid, nil, nil)
				if c.ok && err != nil || !c.ok && err != ErrAuth || c.ok != (x.Principal().ID != 0) {
					t.Errorf("%s as %q for %q: %v, %+v", mech, c.name, c.authzid, err, x.Principal())
				}
			}
			// A password that changes while the client computes.
			x := begin(t, d, mech, Channel{Origin: home})
			err := client(t, x, h, "anna", "pass,wörd=", "", nil, func(step int) {
				if step == 1 {
					ok(t, d.SetPassword(t.Context(), anna.ID, "new"))
				}
			})
			if err != ErrAuth {
				t.Errorf("%s with a password that was changed meanwhile: %v", mech, err)
			}
			ok(t, d.SetPassword(t.Context(), anna.ID, "pass,wörd="))
		}
	})
}

// TestScramEnumeration: what a client can learn without the password is the
// same for accounts that exist and for those that do not.
func TestScramEnumeration(t *testing.T) {
	ctx, db := t.Context(), storetest.NewKV(t)
	d := open(t, db, cheap())
	addPerson(t, d, "anna", "secret")
	addPerson(t, d, "locked", "")
	addGroup(t, d, "sales")
	first := func(d *Directory, name string) string {
		t.Helper()
		x := begin(t, d, "SCRAM-SHA-256", Channel{Origin: home})
		challenges, _, err := talk(t, x, "n,,n="+name+",r=abc")
		ok(t, err)
		r, salt, _ := strings.Cut(challenges[0], ",")
		if len(r) != len("r=abc")+26 || len(salt) != len("s=,i=2")+24 {
			t.Errorf("first message for %q: %q", name, challenges[0])
		}
		return salt
	}
	seen := map[string]string{}
	for _, name := range []string{"anna", "locked", "sales", "nobody", "nobody2", "x:y", "x@elsewhere.example"} {
		salt := first(d, name)
		if other, taken := seen[salt]; taken {
			t.Errorf("%q and %q have one salt", name, other)
		}
		seen[salt] = name
		if first(d, name) != salt || first(open(t, db, cheap()), name) != salt {
			t.Errorf("the salt of %q is another the second time", name)
		}
	}
	for _, name := range []string{"anna", "nobody", "locked"} {
		for _, spelling := range []string{strings.ToUpper(name), name + "@example.org", name + "@xn--bcher-kva.example"} {
			if first(d, spelling) != first(d, name) {
				t.Errorf("%q and %q have different salts", name, spelling)
			}
		}
	}
	if first(open(t, storetest.NewKV(t), cheap()), "nobody") == first(d, "nobody") {
		t.Error("the salt of an unknown name can be computed without the secret of the store")
	}

	// After a change of the count some accounts have the old one, so some of
	// the others must have it too.
	o := cheap()
	o.SCRAMIterations = 3
	d2 := open(t, db, o)
	counts := map[int]int{}
	for i := range 100 {
		counts[d2.fakeScramKey("SCRAM-SHA-256", fmt.Sprint("x", i), 32).iterations]++
	}
	if counts[2] < 20 || counts[3] < 20 || len(counts) != 2 {
		t.Errorf("counts of unknown names: %v", counts)
	}
	if _, err := Open(ctx, db, o); err != nil {
		t.Error(err)
	}
}

func TestScramSyntax(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openCheap(t)
		addPerson(t, d, "anna", "secret")
		proof := base64.StdEncoding.EncodeToString(make([]byte, 32))
		for _, first := range []string{
			"", "n", "n,", "n,,", "x,,n=anna,r=abc", "n,,n=anna", "n,,n=anna,", "n,,n=anna,r=", "n,,r=abc,n=anna", "n,,n=,r=abc",
			"n,,N=anna,r=abc", "n,a,n=anna,r=abc", "n,a=,n=anna,r=abc", "n,b=x,n=anna,r=abc", "n,,m=x,n=anna,r=abc",
			"n,,n=anna,r=abc,m=x", "n,,n=anna,r=abc,xy", "n,,n=anna,r=abc,1=x", "n,,n=an=na,r=abc", "n,,n=an=2cna,r=abc", "n,,n=anna=,r=abc",
			"n,,n=anna,r=a b", "n,,n=anna,r=ä", "n,,n=an\x00na,r=abc", "n,,n=\xff,r=abc", "N,,n=anna,r=abc", "p=tls-exporter,,n=anna,r=abc",
			"p=,,n=anna,r=abc", "n,,n=anna,r=" + strings.Repeat("a", maxResponse),
		} {
			x := begin(t, d, "SCRAM-SHA-256", Channel{Origin: home})
			_, done, err := talk(t, x, first)
			if !done {
				t.Errorf("%q was taken", first)
			}
			want(t, err, ErrSyntax)
			_, _, err = x.Next(t.Context(), []byte("n,,n=anna,r=abc"))
			want(t, err, ErrSyntax)
		}
		for final, kind := range map[string]error{
			"": ErrSyntax, "c=biws": ErrSyntax, "c=biws,r=abcN": ErrSyntax, "c=biws,r=abcN,p=": ErrAuth, "c=biws,r=abcN,p=x": ErrSyntax,
			"c=bi*s,r=abcN,p=" + proof: ErrSyntax, "r=abcN,c=biws,p=" + proof: ErrSyntax, "c=biws,p=" + proof: ErrSyntax,
			"c=biws,r=abcN,m=x,p=" + proof: ErrSyntax, "c=biws,r=abcN,p=" + proof + ",x=y": ErrSyntax, "c=biws,x=abcN,p=" + proof: ErrSyntax,
			"c=biws,r=abcN,p=" + proof: ErrAuth, "c=biws,r=abcN,x=y,p=" + proof: ErrAuth, "c=biws,r=abcM,p=" + proof: ErrAuth,
			"c=biws,r=abc,p=" + proof: ErrAuth, "c=biws,r=,p=" + proof: ErrAuth, "c=biws,r=abcNNNN,p=" + proof: ErrAuth,
			"c=eSws,r=abcN,p=" + proof: ErrAuth, "c=,r=abcN,p=" + proof: ErrAuth, "c=biws,r=abcN,p=" + proof[:8]: ErrAuth,
		} {
			x := begin(t, d, "SCRAM-SHA-256", Channel{Origin: home})
			x.(*scramExchange).nonce = func() string { return "N" }
			_, done, err := talk(t, x, "n,,n=anna,r=abc", final)
			if !done || x.Principal().ID != 0 {
				t.Errorf("%q was taken", final)
			}
			want(t, err, kind)
		}
	})
}

// TestScramNoInitialResponse: RFC 9051 clients without SASL-IR wait for an
// empty challenge first.
func TestScramNoInitialResponse(t *testing.T) {
	d := openCheap(t)
	addPerson(t, d, "anna", "secret")
	x := begin(t, d, "SCRAM-SHA-256", Channel{Origin: home})
	challenge, done, err := x.Next(context.Background(), nil)
	if len(challenge) != 0 || done || err != nil {
		t.Errorf("got %q, %v, %v", challenge, done, err)
	}
	ok(t, client(t, x, sha256.New, "anna", "secret", "", nil, nil))
	if x.Principal().Name != "anna" {
		t.Errorf("logged in as %+v", x.Principal())
	}
}
