package directory

import (
	"fmt"
	"strconv"
	"testing"

	"poststube/storetest"
)

// BenchmarkFirstLogin verifies passwords that are not in the cache, as 1,000
// people do who log in once each.
func BenchmarkFirstLogin(b *testing.B) {
	for _, c := range []struct {
		name       string
		iterations int
	}{{"scram", 4096}, {"argon2id", -1}} {
		b.Run(c.name, func(b *testing.B) {
			o := Options{Argon: ArgonParams{Time: 1, Memory: 8, Threads: 1}, SCRAMIterations: c.iterations, Log: cheap().Log}
			if c.iterations < 0 {
				o.Argon = DefaultArgon
			}
			d := open(b, storetest.NewKV(b), o)
			addPerson(b, d, "anna", "secret")
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					a, err := d.findAccount(b.Context(), "anna", home)
					ok(b, err)
					if good, err := a.verifySlowly(b.Context(), "secret"); !good || err != nil {
						b.Error(good, err)
					}
				}
			})
		})
	}
}

func BenchmarkRepeatedLogin(b *testing.B) {
	d := open(b, storetest.NewKV(b), Options{})
	addPerson(b, d, "anna", "secret")
	b.ReportAllocs()
	for b.Loop() {
		_, err := d.Verify(b.Context(), "anna", "secret", home)
		ok(b, err)
	}
}

func BenchmarkScramLogin(b *testing.B) {
	d := open(b, storetest.NewKV(b), Options{})
	addPerson(b, d, "anna", "secret")
	b.ReportAllocs()
	for b.Loop() { // without the proof, which is a few hashes
		x := begin(b, d, "SCRAM-SHA-256", Channel{Origin: home})
		_, _, err := x.Next(b.Context(), []byte("n,,n=anna,r=abc"))
		ok(b, err)
	}
}

// BenchmarkAddPeople is the cost of one of many new people with the default
// parameters, on all processors.
func BenchmarkAddPeople(b *testing.B) {
	d := open(b, storetest.NewKV(b), Options{})
	people := make([]NewPerson, b.N)
	for i := range people {
		people[i] = NewPerson{fmt.Sprint("p", i), "secret"}
	}
	b.ResetTimer()
	_, err := d.AddPeople(b.Context(), people, nil)
	ok(b, err)
}

// crowd makes 100,000 people and 1,000 groups, the first person in 200 of them.
func crowd(b *testing.B) (*Directory, []Principal) {
	d := open(b, storetest.NewKV(b), cheap())
	people := make([]NewPerson, 100_000)
	for i := range people {
		people[i].Name = "p" + strconv.Itoa(i)
	}
	added, err := d.AddPeople(b.Context(), people, nil)
	ok(b, err)
	var groups []ID
	for i := range 200 {
		g, err := d.AddGroup(b.Context(), "g"+strconv.Itoa(i))
		ok(b, err)
		groups = append(groups, g.ID)
		ok(b, d.AddMembers(b.Context(), g.ID, added[0].ID))
	}
	many := make([]ID, 10_000)
	for i := range many {
		many[i] = added[i].ID
	}
	ok(b, d.AddMembers(b.Context(), groups[0], many...))
	return d, added
}

func BenchmarkGroupsOf(b *testing.B) {
	d, people := crowd(b)
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			groups, err := d.GroupsOf(b.Context(), people[0].ID)
			if err != nil || len(groups) != 200 {
				b.Fatal(len(groups), err)
			}
		}
	})
	b.Run("200 groups", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.closures.drop(people[0].ID)
			groups, err := d.GroupsOf(b.Context(), people[0].ID)
			if err != nil || len(groups) != 200 {
				b.Fatal(len(groups), err)
			}
		}
	})
	b.Run("members of 10000", func(b *testing.B) {
		groups, err := d.GroupsOf(b.Context(), people[0].ID)
		ok(b, err)
		b.ReportAllocs()
		for b.Loop() {
			members, err := d.Members(b.Context(), groups[0])
			if err != nil || len(members) != 10_000 {
				b.Fatal(len(members), err)
			}
		}
	})
	b.Run("Resolve", func(b *testing.B) {
		i := 0
		b.ReportAllocs()
		for b.Loop() {
			i += 7919
			p := people[i%len(people)]
			r, err := d.Resolve(b.Context(), p.Name+"+Lists@example.org")
			if err != nil || r.ID != p.ID {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("Resolve cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := d.Resolve(b.Context(), "p1@example.org")
			ok(b, err)
		}
	})
}
