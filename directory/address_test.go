package directory

import (
	"context"
	"slices"
	"strings"
	"testing"

	"poststube/storetest"
)

func TestResolve(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	anna := addPerson(t, d, "anna", "")
	jurgen := addPerson(t, d, "jürgen", "")
	guest := addPerson(t, d, "guest@elsewhere.example", "")
	sales := addGroup(t, d, "sales")
	ok(t, d.AddAddress(ctx, sales.ID, "Vertrieb@example.org"))
	ok(t, d.AddAddress(ctx, sales.ID, "info"))
	ok(t, d.AddAddress(ctx, anna.ID, "anna+boss@example.org"))
	ok(t, d.AddAddress(ctx, sales.ID, `"front desk"@example.org`))
	ok(t, d.AddAddress(ctx, anna.ID, "a.schmidt@other.example"))

	for _, c := range []struct {
		addr   string
		who    Principal
		detail string
		wrong  error
	}{
		{addr: "anna@example.org", who: anna},
		{addr: "ANNA@Example.ORG.", who: anna},
		{addr: "anna", who: anna},
		{addr: "anna@bücher.example", who: anna},
		{addr: "anna@xn--bcher-kva.example", who: anna},
		{addr: "anna@BÜCHER.example", who: anna},
		{addr: `"anna"@example.org`, who: anna},
		{addr: `"an\na"@example.org`, who: anna},
		{addr: "jürgen@example.org", who: jurgen},
		{addr: "JU\u0308RGEN@example.org", who: jurgen},
		{addr: "anna+Lists/Go@example.org", who: anna, detail: "Lists/Go"},
		{addr: "anna+a+b@example.org", who: anna, detail: "a+b"},
		{addr: "anna+@example.org", who: anna},
		{addr: `"anna+My List"@example.org`, who: anna, detail: "My List"},
		{addr: "anna+boss@example.org", who: anna},
		{addr: "guest@elsewhere.example", who: guest},
		{addr: "guest+x@elsewhere.example", who: guest, detail: "x"},
		{addr: "vertrieb@example.org", who: sales},
		{addr: "vertrieb+in@example.org", who: sales, detail: "in"},
		{addr: "info@example.org", who: sales},
		{addr: "INFO", who: sales},
		{addr: `"Front Desk"@example.org`, who: sales},
		{addr: "a.schmidt@other.example", who: anna},

		{addr: "sales@example.org", wrong: ErrNotFound}, // groups receive by addresses only
		{addr: "nobody@example.org", wrong: ErrNotFound},
		{addr: "nobody+x@example.org", wrong: ErrNotFound},
		{addr: "+x@example.org", wrong: ErrNotFound},
		{addr: "guest@example.org", wrong: ErrNotFound},
		{addr: `"guest@elsewhere.example"@example.org`, wrong: ErrNotFound},
		{addr: `"guest@elsewhere.example"`, wrong: ErrNotFound},
		{addr: "vertrieb@bücher.example", wrong: ErrNotFound},
		{addr: "anna@elsewhere.example", wrong: ErrNotServed},
		{addr: "info@elsewhere.example", wrong: ErrNotServed},
		{addr: "", wrong: ErrInvalid},
		{addr: "@example.org", wrong: ErrInvalid},
		{addr: "anna@", wrong: ErrInvalid},
		{addr: "anna@exa mple.org", wrong: ErrInvalid},
		{addr: "anna\x00@example.org", wrong: ErrInvalid},
		{addr: `"anna@example.org`, wrong: ErrInvalid},
		{addr: `"anna"example.org`, wrong: ErrInvalid},
		{addr: "\xff@example.org", wrong: ErrInvalid},
		{addr: strings.Repeat("a", 2000) + "@example.org", wrong: ErrInvalid},
	} {
		for range 2 { // the second answer comes from the cache
			r, err := d.Resolve(ctx, c.addr)
			if c.wrong != nil {
				want(t, err, c.wrong)
			} else if err != nil || r.Principal != c.who || r.Detail != c.detail {
				t.Errorf("Resolve(%q) = %+v, %v; want %+v, %q", c.addr, r, err, c.who, c.detail)
			}
		}
	}
}

// Without domains, everybody receives everywhere.
func TestResolveAnyDomain(t *testing.T) {
	o := cheap()
	o.Domains = nil
	d := open(t, storetest.NewKV(t), o)
	anna := addPerson(t, d, "anna", "")
	for _, addr := range []string{"anna@example.org", "anna@what.ever.example", "anna+x@[192.0.2.1]"} {
		if r, err := d.Resolve(t.Context(), addr); err != nil || r.Principal != anna {
			t.Errorf("Resolve(%q) = %+v, %v", addr, r, err)
		}
	}
	_, err := d.Resolve(t.Context(), "ben@example.org")
	want(t, err, ErrNotFound)
}

func TestAddresses(t *testing.T) {
	ctx, d := t.Context(), openCheap(t)
	anna, ben := addPerson(t, d, "anna", ""), addPerson(t, d, "ben", "")
	resolves := func(addr string, id ID) {
		t.Helper()
		if r, err := d.Resolve(ctx, addr); id == 0 && err == nil || id != 0 && (err != nil || r.ID != id) {
			t.Errorf("Resolve(%q) = %+v, %v; want id %d", addr, r, err, id)
		}
	}
	resolves("info@example.org", 0)
	ok(t, d.AddAddress(ctx, anna.ID, "Info"))
	resolves("info@example.org", anna.ID)
	ok(t, d.AddAddress(ctx, anna.ID, "info")) // again
	ok(t, d.AddAddress(ctx, anna.ID, "anna@example.org"))
	if list, err := d.Addresses(ctx, anna.ID); err != nil || !slices.Equal(list, []string{"anna@example.org", "info"}) {
		t.Errorf("Addresses: %q, %v", list, err)
	}

	// What leads to one cannot be given to another, in either order.
	want(t, d.AddAddress(ctx, ben.ID, "info"), ErrExists)
	want(t, d.AddAddress(ctx, ben.ID, "anna"), ErrExists)
	want(t, d.AddAddress(ctx, ben.ID, "anna@bücher.example"), ErrExists)
	ok(t, d.AddAddress(ctx, ben.ID, "anna@elsewhere.example"))
	_, err := d.AddPerson(ctx, "info", "")
	want(t, err, ErrExists)
	_, err = d.Rename(ctx, ben.ID, "info")
	want(t, err, ErrExists)
	if p, err := d.Rename(ctx, anna.ID, "info"); err != nil || p.ID != anna.ID {
		t.Errorf("renaming to one's own address: %v", err)
	}
	resolves("anna@example.org", anna.ID)
	resolves("anna@bücher.example", 0)

	want(t, d.RemoveAddress(ctx, ben.ID, "info"), ErrNotFound)
	ok(t, d.RemoveAddress(ctx, anna.ID, "INFO"))
	resolves("info@example.org", anna.ID) // by name now
	ok(t, d.Remove(ctx, anna.ID))
	resolves("anna@example.org", 0)
	resolves("info@example.org", 0)
	ok(t, d.AddAddress(ctx, ben.ID, "info"))
	resolves("info@example.org", ben.ID)
	want(t, d.AddAddress(ctx, anna.ID, "x"), ErrNotFound)
	want(t, d.AddAddress(ctx, ben.ID, "a\tb"), ErrInvalid)
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"anna@example.org", `"an\"na+x y"@example.org`, "anna+b@bücher.example", "a@[::1]", "@", `"`, "İ@x", "anna\x00"} {
		f.Add(s)
	}
	d, err := Open(context.Background(), newMapDB(), cheap())
	if err != nil {
		f.Fatal(err)
	}
	anna, err := d.AddPerson(context.Background(), "anna", "")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := d.Resolve(t.Context(), s); err == nil && r.Principal != anna {
			t.Errorf("Resolve(%q) = %+v", s, r)
		}
		if a, err := foldAddress(s); err == nil && strings.ContainsAny(a.local+a.domain, "\x00\r\n") {
			t.Errorf("foldAddress(%q) = %q", s, a)
		}
	})
}
