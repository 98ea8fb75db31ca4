package directory

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"poststube/kv"
	"poststube/storetest"
)

func TestVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, d := t.Context(), openCheap(t)
		anna := addPerson(t, d, "anna", "pass wörd")
		addPerson(t, d, "locked", "")
		addGroup(t, d, "sales")
		for _, c := range []struct {
			name, password string
			ok             bool
		}{
			{"anna", "pass wörd", true},
			{"ANNA@example.org", "pass wörd", true},
			{"anna", "pass wo\u0308rd", true}, // SASLprep normalizes
			{"anna", "pass\u00a0wörd", true},  // and maps spaces
			{"anna", "Pass wörd", false},      // but not case
			{"anna", "", false},
			{"anna", "pass wörd\x00", false},
			{"anna", strings.Repeat("x", 100000), false},
			{"anna\x00x", "pass wörd", false},
			{"anna@elsewhere.example", "pass wörd", false},
			{"anna+x@example.org", "pass wörd", false},
			{"ben", "pass wörd", false},
			{"locked", "", false},
			{"sales", "", false},
			{"", "", false},
			{"\xff", "x", false},
		} {
			p, err := d.Verify(ctx, c.name, c.password, home)
			switch {
			case c.ok && (err != nil || p != anna):
				t.Errorf("Verify(%q, %q) = %+v, %v", c.name, c.password, p, err)
			case !c.ok && (err != ErrAuth || p != Principal{}):
				t.Errorf("Verify(%q, %q) = %+v, %v", c.name, c.password, p, err)
			}
		}
	})
}

// TestPasswordChange: the cache of logins never outlives the password.
func TestPasswordChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, d := t.Context(), openCheap(t)
		anna, ben := addPerson(t, d, "anna", "same"), addPerson(t, d, "ben", "other")
		login := func(name, password string, kind error) {
			t.Helper()
			for range 2 {
				if _, err := d.Verify(ctx, name, password, home); err != kind {
					t.Errorf("Verify(%q, %q): %v, want %v", name, password, err, kind)
				}
			}
		}
		login("anna", "same", nil)
		login("ben", "same", ErrAuth) // cached for anna is not cached for ben
		ok(t, d.SetPassword(ctx, ben.ID, "same"))
		login("ben", "same", nil)
		ok(t, d.SetPassword(ctx, anna.ID, "new"))
		login("anna", "same", ErrAuth)
		login("ben", "same", nil)
		login("anna", "new", nil)
		ok(t, d.SetPassword(ctx, anna.ID, "same")) // back to an old one
		login("anna", "new", ErrAuth)
		login("anna", "same", nil)
		ok(t, d.SetPassword(ctx, anna.ID, ""))
		login("anna", "same", ErrAuth)
		login("anna", "", ErrAuth)
		ok(t, d.Remove(ctx, ben.ID))
		login("ben", "same", ErrAuth)
		addPerson(t, d, "ben", "fresh")
		login("ben", "same", ErrAuth)
		want(t, d.SetPassword(ctx, anna.ID, "tab\t"), ErrInvalid)
	})
}

// TestLoginCacheKey: nothing that belongs to another login has the same MAC.
func TestLoginCacheKey(t *testing.T) {
	c, err := newLoginCache()
	ok(t, err)
	other, err := newLoginCache()
	ok(t, err)
	login := func(id ID, generation uint32) *attempt {
		return &attempt{person: Principal{ID: id}, creds: credentials{generation: generation}}
	}
	base := c.mac(login(1, 1), "secret")
	if base != c.mac(login(1, 1), "secret") {
		t.Error("the same login has two MACs")
	}
	for what, sum := range map[string][32]byte{
		"person":     c.mac(login(2, 1), "secret"),
		"generation": c.mac(login(1, 2), "secret"),
		"password":   c.mac(login(1, 1), "secres"),
		"process":    other.mac(login(1, 1), "secret"),
	} {
		if sum == base {
			t.Errorf("another %s has the same MAC", what)
		}
	}
}

// TestLogins compares logins with a model under random histories.
func TestLogins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		d, err := Open(ctx, newMapDB(), cheap())
		if err != nil {
			t.Fatal(err)
		}
		passwords := map[string]string{}
		ids := map[string]ID{}
		name := rapid.SampledFrom([]string{"anna", "ben", "clara"})
		password := rapid.SampledFrom([]string{"", "a", "b"})
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				n, p := name.Draw(t, "name"), password.Draw(t, "password")
				if ids[n] == 0 {
					added, err := d.AddPerson(ctx, n, p)
					if err != nil {
						t.Fatal(err)
					}
					ids[n] = added.ID
				} else if err := d.SetPassword(ctx, ids[n], p); err != nil {
					t.Fatal(err)
				}
				passwords[n] = p
			},
			"remove": func(t *rapid.T) {
				n := name.Draw(t, "name")
				if ids[n] == 0 {
					t.Skip("not there")
				}
				if err := d.Remove(ctx, ids[n]); err != nil {
					t.Fatal(err)
				}
				delete(ids, n)
				delete(passwords, n)
			},
			"swap": func(t *rapid.T) {
				if ids["anna"] == 0 || ids["ben"] == 0 {
					t.Skip("not there")
				}
				for _, step := range []struct {
					id ID
					to string
				}{{ids["anna"], "tmp"}, {ids["ben"], "anna"}, {ids["anna"], "ben"}} {
					if _, err := d.Rename(ctx, step.id, step.to); err != nil {
						t.Fatal(err)
					}
				}
				ids["anna"], ids["ben"] = ids["ben"], ids["anna"]
				passwords["anna"], passwords["ben"] = passwords["ben"], passwords["anna"]
			},
			"login": func(t *rapid.T) {
				n, p := name.Draw(t, "name"), password.Draw(t, "password")
				a, err := d.findAccount(ctx, n, home)
				if err != nil {
					t.Fatal(err)
				}
				got, err := a.verify(ctx, p) // Verify without its penalties
				if good := p != "" && passwords[n] == p; err != nil || got != good || a.person.ID != ids[n] {
					t.Fatalf("login of %q with %q as %+v: %v, %v; the password is %q", n, p, a.person, got, err, passwords[n])
				}
			},
		})
	})
}

// TestEnumeration: whether a name exists shows neither in the text nor in the
// time of the answer.
func TestEnumeration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, d := t.Context(), openCheap(t)
		addPerson(t, d, "anna", "secret")
		addPerson(t, d, "locked", "")
		addGroup(t, d, "sales")
		for i, name := range []string{"anna", "nobody", "locked", "sales", "bad:name", "nobody@elsewhere.example"} {
			from := home
			from.Remote = netip.AddrFrom4([4]byte{198, 51, 100 + byte(i), 1})
			var times []time.Duration
			for range 3 {
				start := time.Now()
				_, err := d.Verify(ctx, name, "guess", from)
				if err != ErrAuth {
					t.Errorf("Verify(%q) = %v", name, err)
				}
				times = append(times, time.Since(start))
			}
			if fmt.Sprint(times) != "[1s 2s 4s]" {
				t.Errorf("answers for %q came after %v", name, times)
			}
		}
	})
}

// TestDummyWork: a name that does not exist costs a key derivation under each
// policy.
func TestDummyWork(t *testing.T) {
	for _, iterations := range []int{2, -1} {
		o := cheap()
		o.SCRAMIterations = iterations
		d := open(t, storetest.NewKV(t), o)
		c := d.fakeCredentials("nobody")
		if iterations > 0 && c.sha256.iterations != 2 || iterations < 0 && c.argon.ArgonParams != o.Argon {
			t.Errorf("with %d iterations a login as nobody checks %+v", iterations, c)
		}
		if good, err := c.check("anything"); good || err != nil {
			t.Errorf("check: %v, %v", good, err)
		}
	}
}

func TestAuthFailedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log recorder
		o := cheap()
		o.Log = slog.New(&log)
		ctx, d := t.Context(), open(t, storetest.NewKV(t), o)
		addPerson(t, d, "anna", "canary-right")
		for _, c := range []struct {
			name, password, remote string
			user, logged, reason   string
		}{
			{"anna", "canary-wrong", "192.0.2.7", "anna", "192.0.2.7", "password"},
			{"nobody", "canary-wrong", "::ffff:192.0.2.9", "nobody", "192.0.2.9", "name"},
			{"x\nauth failed", "canary-wrong", "fe80::1%eth0", "x\nauth failed", "fe80::1", "name"},
			{strings.Repeat("ü", 300), "canary-wrong", "", strings.Repeat("ü", 64) + "…", "", "name"},
		} {
			from := Origin{Proto: "pop3", Mech: "USER"}
			if c.remote != "" {
				from.Remote = netip.MustParseAddr(c.remote)
			}
			_, err := d.Verify(ctx, c.name, c.password, from)
			want(t, err, ErrAuth)
			records := log.take()
			if len(records) != 1 {
				t.Fatalf("%d records for one failure: %v", len(records), records)
			}
			expected := map[string]string{"msg": "auth failed", "user": c.user, "remote": c.logged, "proto": "pop3", "mech": "USER", "reason": c.reason}
			if fmt.Sprint(records[0]) != fmt.Sprint(expected) {
				t.Errorf("got %v, want %v", records[0], expected)
			}
		}
		_, err := d.Verify(ctx, "anna", "canary-right", home)
		ok(t, err)
		if records := log.take(); len(records) != 0 {
			t.Errorf("a success was logged: %v", records)
		}
		text := log.lines.String()
		if strings.Contains(text, "canary") || strings.Count(text, "\n") != 4 {
			t.Errorf("a password, or lines that a client made up:\n%s", text)
		}
	})
}

// TestRenew: a login stores the password as the policy of today wants it.
func TestRenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, db := t.Context(), storetest.NewKV(t)
		strict := cheap()
		strict.SCRAMIterations = -1
		anna := addPerson(t, open(t, db, strict), "anna", "secret")
		stored := func() credentials {
			var c credentials
			ok(t, db.View(ctx, func(r kv.Reader) (err error) {
				c, err = loadCredentials(r, anna.ID)
				return err
			}))
			return c
		}
		before := stored()
		if before.sha256.iterations != 0 || len(before.argon.hash) == 0 {
			t.Fatalf("stored %+v", before)
		}
		d := open(t, db, cheap())
		_, err := d.Verify(ctx, "anna", "wrong", home)
		want(t, err, ErrAuth)
		if stored().sha256.iterations != 0 {
			t.Error("a wrong password was stored")
		}
		_, err = d.Verify(ctx, "anna", "secret", home)
		ok(t, err)
		after := stored()
		if after.sha256.iterations != 2 || after.sha1.iterations != 2 || after.generation != before.generation {
			t.Errorf("stored %+v", after)
		}
		d = open(t, db, cheap())
		_, err = d.Verify(ctx, "anna", "secret", home)
		ok(t, err)
		if string(stored().argon.salt) != string(after.argon.salt) {
			t.Error("renewed without need")
		}

		// A password that was set meanwhile is not overwritten by the old one.
		a, err := d.findAccount(ctx, "anna", home)
		ok(t, err)
		a.creds.sha1.iterations = 1 // as if the policy had changed
		ok(t, d.SetPassword(ctx, anna.ID, "new"))
		d.renew(ctx, a, "secret")
		_, err = d.Verify(ctx, "anna", "new", home)
		ok(t, err)
	})
}
