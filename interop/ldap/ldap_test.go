package ldap

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"poststube/directory"
	"poststube/directory/ldapdir"
)

// sample has 1,100 people, more than the server hands out at once, groups in
// groups, and members written in three ways.
func sample() string {
	var b strings.Builder
	for _, name := range []string{"anna", "ben", "clara"} {
		b.WriteString(person(name))
	}
	for i := range 1097 {
		b.WriteString(person(fmt.Sprintf("p%04d", i)))
	}
	b.WriteString(group("Sales Team", "uid=anna,"+people, "CN = interns, OU=Groups ,dc=example,dc=org"))
	b.WriteString(group("interns", "uid=BEN,"+people, "uid=nobody,"+people))
	b.WriteString("dn: cn=unix," + groups + "\nobjectClass: posixGroup\ncn: unix\ngidNumber: 1\nmemberUid: clara\nmemberUid: anna\n\n")
	return b.String()
}

func config(s *slapd) ldapdir.Config {
	return ldapdir.Config{
		URL: s.tls, TLS: s.certificate, BindDN: service, BindPassword: "service",
		People: ldapdir.Query{Base: people, Filter: "(objectClass=inetOrgPerson)", Name: "uid", Key: "entryUUID", Mail: "mail"},
		Groups: ldapdir.Query{Base: groups, Filter: "(|(objectClass=groupOfNames)(objectClass=posixGroup))", Name: "cn", Key: "entryUUID"},
		Member: []string{"member", "memberUid"},
	}
}

func open(t *testing.T, c ldapdir.Config) *ldapdir.Source {
	t.Helper()
	src, err := ldapdir.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func TestSource(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, sample())
	r, err := open(t, config(s)).Roster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.People) != 1100 || len(r.Groups) != 3 {
		t.Fatalf("%d people, %d groups", len(r.People), len(r.Groups))
	}
	names := make(map[string]string)
	for _, p := range r.People {
		names[p.Key] = p.Name
		if len(p.Addresses) != 1 || p.Addresses[0] != p.Name+"@mail.example.org" {
			t.Errorf("%s has the addresses %v", p.Name, p.Addresses)
		}
	}
	for _, g := range r.Groups {
		names[g.Key] = g.Name
	}
	expected := map[string]string{"Sales-Team": "anna interns", "interns": "ben", "unix": "anna clara"}
	for _, g := range r.Groups {
		var members []string
		for _, key := range g.Members {
			members = append(members, names[key])
		}
		slices.Sort(members)
		if got := strings.Join(members, " "); got != expected[g.Name] {
			t.Errorf("in %s are %s, not %s", g.Name, got, expected[g.Name])
		}
	}
	testPasswords(t, s, r)
	testConnections(t, s)
}

// testPasswords: names and keys from outside must not get into a filter as they
// are, and an empty password must not pass for a login (RFC 4513 section 5.1.2).
func testPasswords(t *testing.T, s *slapd, r directory.Roster) {
	anna := r.People[slices.IndexFunc(r.People, func(p directory.SourcePerson) bool { return p.Name == "anna" })].Key
	byName := config(s)
	byName.People.Key = "uid"
	keys, uids := open(t, config(s)), open(t, byName)
	for _, c := range []struct {
		src           *ldapdir.Source
		key, password string
		ok            bool
	}{
		{keys, anna, "anna", true}, {keys, anna, "nb", false}, {keys, anna, "", false}, {keys, "", "anna", false},
		{keys, "00000000-0000-0000-0000-000000000000", "anna", false}, {keys, anna + "*", "anna", false}, {keys, "no uuid", "anna", false},
		{uids, "anna", "anna", true}, {uids, "ben", "neb", true}, {uids, "ben", "anna", false}, {uids, "ben", "", false},
		{uids, "*", "anna", false}, {uids, "ann*", "anna", false}, {uids, "*)(uid=anna", "anna", false},
		{uids, "anna)(|(uid=*", "anna", false}, {uids, "x)(|(uid=anna)", "anna", false}, {uids, "anna))(&(uid=anna", "anna", false},
		{uids, `\61nna`, "anna", false}, {uids, "anna\x00", "anna", false}, {uids, `anna\`, "anna", false}, {uids, "(", "anna", false},
		{uids, "anna," + people, "anna", false}, {uids, "\xff", "anna", false}, {uids, strings.Repeat("(", 4000), "anna", false},
	} {
		// Twice, the second time on connections that were somebody's.
		for range 2 {
			ok, err := c.src.Check(t.Context(), c.key, c.password)
			if err != nil || ok != c.ok {
				t.Errorf("%.40q with %q: %v, %v", c.key, c.password, ok, err)
			}
		}
	}
}

// testConnections: by every way that the configuration knows, and no other.
func testConnections(t *testing.T, s *slapd) {
	for _, c := range []struct {
		name   string
		change func(*ldapdir.Config)
		fails  string
	}{
		{"ldaps", func(*ldapdir.Config) {}, ""},
		{"StartTLS", func(c *ldapdir.Config) { c.URL, c.StartTLS = s.plain, true }, ""},
		{"in clear on this host", func(c *ldapdir.Config) { c.URL = s.plain }, ""},
		{"unknown authority", func(c *ldapdir.Config) { c.TLS = nil }, "x509"},
		{"unknown authority, StartTLS", func(c *ldapdir.Config) { c.TLS, c.URL, c.StartTLS = nil, s.plain, true }, "x509"},
		{"wrong password", func(c *ldapdir.Config) { c.BindPassword = "guess" }, "Invalid Credentials"},
		{"anonymous", func(c *ldapdir.Config) { c.BindDN, c.BindPassword = "", "" }, "No Such Object"},
		{"nobody there", func(c *ldapdir.Config) { c.URL = "ldap://127.0.0.1:1" }, "refused"},
	} {
		conf := config(s)
		c.change(&conf)
		src := open(t, conf)
		r, err := src.Roster(t.Context())
		if c.fails == "" && (err != nil || len(r.People) != 1100) || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%s: %d people, %v", c.name, len(r.People), err)
		}
		if c.fails != "" {
			if ok, err := src.Check(t.Context(), "anna", "anna"); ok || err == nil {
				t.Errorf("%s: a login was answered with %v, %v", c.name, ok, err)
			}
		}
	}
}
