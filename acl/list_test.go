package acl

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var (
	anna   = Who{Kind: User, ID: 1}
	ben    = Who{Kind: User, ID: 2}
	sales  = Who{Kind: Group, ID: 10}
	anyone = Who{Kind: Anyone}
	owner  = Who{Kind: Owner}
)

func minus(w Who) Who { w.Negative = true; return w }

func rights(text string) Rights {
	r, err := ParseRights(text, every)
	if err != nil {
		panic(err)
	}
	return r
}

// list builds a List from pairs of Who and letters.
func list(t testing.TB, pairs ...any) List {
	t.Helper()
	var l List
	for i := 0; i < len(pairs); i += 2 {
		var err error
		if l, err = l.Set(pairs[i].(Who), rights(pairs[i+1].(string))); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func TestEffective(t *testing.T) {
	annaInSales := Subject{User: 1, Groups: []uint32{4, 10, 12}, Authenticated: true}
	tests := []struct {
		name    string
		list    List
		subject Subject
		want    string
	}{
		{"nothing", nil, annaInSales, ""},
		{"user", list(t, anna, "lrs"), annaInSales, "lrs"},
		{"somebody else", list(t, ben, "lrs"), annaInSales, ""},
		{"group", list(t, sales, "lr"), annaInSales, "lr"},
		{"group id is no user id", list(t, Who{Kind: User, ID: 10}, "lr"), annaInSales, ""},
		{"union", list(t, anna, "s", sales, "lr", anyone, "p"), annaInSales, "lrsp"},
		{"negative group beats user", list(t, anna, "lrsw", minus(sales), "w"), annaInSales, "lrs"},
		{"negative user beats group", list(t, sales, "lrsw", minus(anna), "wd"), annaInSales, "lrs"},
		{"negative anyone beats all", list(t, anna, "lr", minus(anyone), "r"), annaInSales, "l"},
		{"negative of another", list(t, sales, "lr", minus(ben), "lr"), annaInSales, "lr"},
		{"authenticated", list(t, Who{Kind: Authenticated}, "lr"), annaInSales, "lr"},
		{"anonymous is not for people", list(t, Who{Kind: Anonymous}, "lr"), annaInSales, ""},
		{"anonymous", list(t, Who{Kind: Anonymous}, "l", anyone, "r", Who{Kind: Authenticated}, "w"), Subject{}, "lr"},
		{"id 0 is nobody", list(t, Who{Kind: User}, "lr"), Subject{}, ""},
		{"default for the owner", Default(), Subject{User: 1, IsOwner: true, Authenticated: true}, "lrswipkxtea"},
		{"default for others", Default(), annaInSales, ""},
		{"owner can't be locked out", list(t, minus(owner), "lrswipkxtea", minus(anyone), "la"),
			Subject{User: 1, IsOwner: true, Authenticated: true}, "la"},
		// RFC 4314 section 3.2: DELETEACL of Fred leaves -Fred.
		{"-fred stays", list(t, minus(anna), "wetd", sales, "wl"), annaInSales, "l"},
	}
	for _, tt := range tests {
		if got := tt.list.Effective(tt.subject); got != rights(tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got.Letters(), tt.want)
		}
	}
}

func TestListIsValue(t *testing.T) {
	one := list(t, anna, "l", sales, "l")
	before := slices.Clone(one)
	if two, err := one.Set(anna, rights("lr")); err != nil || two.Effective(Subject{User: 1}) != rights("lr") {
		t.Errorf("Set: %v, %v", two, err)
	}
	if _, err := one.Set(ben, rights("lr")); err != nil {
		t.Error(err)
	}
	if less, ok := one.Delete(anna); !ok || len(less) != 1 {
		t.Errorf("Delete: %v, %v", less, ok)
	}
	if same, ok := one.Delete(ben); ok || !slices.Equal(same, one) {
		t.Errorf("Delete of what is not there: %v, %v", same, ok)
	}
	if !slices.Equal(one, before) {
		t.Errorf("the list was changed: %v", one)
	}
	if r, ok := one.Get(minus(anna)); ok {
		t.Errorf("-anna is taken for anna: %v", r)
	}
}

func TestListLimit(t *testing.T) {
	l := make(List, 0, MaxEntries)
	for i := range uint32(MaxEntries) {
		l = append(l, Entry{Who{Kind: User, ID: i + 1}, Lookup})
	}
	full := l
	if _, err := full.Set(Who{Kind: User, ID: 1}, Full); err != nil {
		t.Errorf("change in a full list: %v", err)
	}
	if _, err := full.Set(anyone, Full); !errors.Is(err, ErrTooManyEntries) {
		t.Errorf("entry %d: %v", MaxEntries+1, err)
	}
	if _, err := full[:MaxEntries-1].Set(anyone, Full); err != nil {
		t.Errorf("entry %d: %v", MaxEntries, err)
	}
}

func drawWho(t *rapid.T) Who {
	kind := Kind(rapid.IntRange(1, 6).Draw(t, "kind"))
	id := Identifier{Kind: kind, Negative: rapid.Bool().Draw(t, "negative")}
	return id.Who(uint32(rapid.IntRange(1, 3).Draw(t, "id")))
}

func drawList(t *rapid.T, label string) List {
	var l List
	for range rapid.IntRange(0, 8).Draw(t, label) {
		l, _ = l.Set(drawWho(t), Rights(rapid.Uint32().Draw(t, "rights"))&Full)
	}
	return l
}

func drawSubject(t *rapid.T) Subject {
	s := Subject{
		User:    uint32(rapid.IntRange(1, 3).Draw(t, "user")),
		Groups:  rapid.SampledFrom([][]uint32{nil, {1}, {1, 2}, {1, 3}, {2, 3}}).Draw(t, "groups"),
		IsOwner: rapid.Bool().Draw(t, "owner"), Authenticated: true,
	}
	if rapid.Bool().Draw(t, "anonymous") {
		return Subject{}
	}
	return s
}

func TestAlgebra(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, s, w := drawList(t, "entries"), drawSubject(t), drawWho(t)
		more := Rights(rapid.Uint32().Draw(t, "more")) & Full
		old, _ := l.Get(w)
		changed, err := l.Set(w, old|more)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(changed, func(a, b Entry) int { return compare(a.Who, b.Who) }) {
			t.Fatalf("not sorted: %v", changed)
		}
		before, after := l.Effective(s), changed.Effective(s)
		switch {
		case !s.Matches(w) && after != before:
			t.Fatalf("an entry about others changed %s to %s", before, after)
		case !w.Negative && !after.Has(before):
			t.Fatalf("a grant took rights: %s to %s", before, after)
		case w.Negative && !before.Has(after):
			t.Fatalf("a negative entry gave rights: %s to %s", before, after)
		case w.Negative && s.Matches(w) && after.HasAny((old|more)&^OwnerAlways):
			t.Fatalf("%s are denied, but %s hold", old|more, after)
		}
		if back, ok := changed.Delete(w); !ok || len(back) != len(changed)-1 {
			t.Fatalf("Delete: %v, %v", back, ok)
		}
	})
}

func TestInherit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parent, own := drawList(t, "parent"), drawList(t, "own")
		merged := Inherit(parent, own)
		for _, e := range merged {
			want, inOwn := own.Get(e.Who)
			if !inOwn {
				want, _ = parent.Get(e.Who)
			}
			if e.Rights != want {
				t.Fatalf("%v: %s, want %s", e.Who, e.Rights, want)
			}
		}
		for _, e := range append(slices.Clone(parent), own...) {
			if _, ok := merged.Get(e.Who); !ok {
				t.Fatalf("%v got lost", e.Who)
			}
		}
		if !slices.IsSortedFunc(merged, func(a, b Entry) int { return compare(a.Who, b.Who) }) {
			t.Fatalf("not sorted: %v", merged)
		}
		grand := drawList(t, "grandparent")
		if a, b := Inherit(Inherit(grand, parent), own), Inherit(grand, Inherit(parent, own)); !slices.Equal(a, b) {
			t.Fatalf("not associative: %v and %v", a, b)
		}
	})
}

func BenchmarkEffective(b *testing.B) {
	var l List
	for i := range uint32(20) {
		l, _ = l.Set(Who{Kind: Group, ID: i * 7}, Lookup|Read)
	}
	s := Subject{User: 1, Authenticated: true}
	for i := range uint32(200) {
		s.Groups = append(s.Groups, i*3)
	}
	b.ReportAllocs()
	for b.Loop() {
		if l.Effective(s) == None {
			b.Fatal("no rights")
		}
	}
}
