package acl

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The ten tricky cases: anna, a member of the group sales (which is a member of
// staff), in a tree group:sales/Inbox/2026.
func TestExplain(t *testing.T) {
	staff := Who{Kind: Group, ID: 12}
	annaInSales := Subject{User: 1, Groups: []uint32{10, 12}, Authenticated: true}
	annaOwns := annaInSales
	annaOwns.IsOwner = true
	tests := []struct {
		name    string
		subject Subject
		chain   []List
		want    string
		why     []string
	}{
		{"no entry", annaInSales, []List{nil, list(t, ben, "lr")}, "",
			[]string{"No entry is about this person, so nothing is allowed."}},
		{"group", annaInSales, []List{list(t, sales, "lr")}, "lr",
			[]string{"The entry for group 10 on level 0 allows to see the folder and read messages."}},
		{"nested group", annaInSales, []List{nil, list(t, staff, "l")}, "l",
			[]string{"The entry for group 12 on level 1 allows to see the folder."}},
		{"negative group against positive user", annaInSales, []List{list(t, anna, "lrw", minus(sales), "w")}, "lr",
			[]string{
				"The entry for user 1 on level 0 allows to see the folder and read messages; it would also allow to change other flags, but a negative entry forbids that.",
				"The negative entry for group 10 on level 0 forbids to change other flags.",
			}},
		{"negative user against positive group", annaInSales, []List{list(t, sales, "l", minus(anna), "l")}, "",
			[]string{
				"The negative entry for user 1 on level 0 forbids to see the folder.",
				"The entry for group 10 on level 0 would allow to see the folder, but a negative entry forbids it.",
			}},
		{"negative from above", annaInSales, []List{list(t, anna, "lw"), list(t, minus(anna), "w")}, "l",
			[]string{
				"The entry for user 1 on level 0 allows to see the folder; it would also allow to change other flags, but a negative entry forbids that.",
				"The negative entry for user 1 on level 1 forbids to change other flags.",
			}},
		{"overridden child", annaInSales, []List{list(t, sales, "l"), list(t, sales, "lrsw")}, "l",
			[]string{
				"The entry for group 10 on level 0 allows to see the folder.",
				"The entry for group 10 on level 1 does not count: level 0 has an entry of its own for group 10.",
			}},
		{"taken back by an empty entry", annaInSales, []List{nil, list(t, anna, ""), list(t, anna, "lr")}, "",
			[]string{
				"The entry for user 1 on level 1 allows nothing.",
				"The entry for user 1 on level 2 does not count: level 1 has an entry of its own for user 1.",
			}},
		{"anyone plus owner", annaOwns, []List{list(t, anyone, "l"), Default()}, "lrswipkxtea",
			[]string{
				"The entry for anyone on level 0 allows to see the folder.",
				"The entry for owner on level 1 allows to do everything.",
			}},
		{"owner against herself", annaOwns, []List{list(t, owner, "r", minus(anyone), "a")}, "lra",
			[]string{
				"The entry for owner on level 0 allows to read messages.",
				"The negative entry for anyone on level 0 takes nothing away, since nothing of it is granted.",
				"The owner can always see the folder and decide who may do what, whatever the entries say.",
			}},
	}
	name := func(w Who) string {
		switch w.Kind {
		case User:
			return fmt.Sprint("user ", w.ID)
		case Group:
			return fmt.Sprint("group ", w.ID)
		}
		return w.Identifier("").String()
	}
	place := func(level int) string { return fmt.Sprint("level ", level) }
	for _, tt := range tests {
		x := Explain(tt.chain, tt.subject)
		if x.Rights != rights(tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, x.Rights.Letters(), tt.want)
		}
		if got, want := strings.Join(x.Sentences(name, place), "\n"), strings.Join(tt.why, "\n"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, want)
		}
	}
}

// Explain agrees with Effective of the inherited list, and names for each right
// who grants it, or who takes it away.
func TestExplainAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var chain []List
		for range rapid.IntRange(1, 4).Draw(t, "levels") {
			chain = append(chain, drawList(t, "entries"))
		}
		s := drawSubject(t)
		var merged List
		for i := len(chain) - 1; i >= 0; i-- {
			merged = Inherit(merged, chain[i])
		}
		x := Explain(chain, s)
		if want := merged.Effective(s); x.Rights != want {
			t.Fatalf("%s, but Effective says %s", x.Rights, want)
		}
		for i := range letters {
			right := Rights(1) << i
			grants, loses, takes := 0, 0, 0
			for _, r := range x.Of(right) {
				if r.Hidden {
					t.Fatalf("a hidden entry counts: %+v", r)
				}
				if r.Grants.Has(right) {
					grants++
				}
				if r.Loses.Has(right) {
					loses++
				}
				if r.Takes.Has(right) {
					takes++
				}
			}
			if x.Rights.Has(right) != (grants > 0) || (loses > 0) != (takes > 0) {
				t.Fatalf("%c: %d grant it, %d lose it, %d take it, rights are %s", letters[i], grants, loses, takes, x.Rights)
			}
		}
	})
}
