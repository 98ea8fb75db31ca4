package ldapdir

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

func sample() Config {
	q := Query{Base: "ou=people,dc=example,dc=org", Filter: "(objectClass=person)", Name: "uid", Key: "entryUUID", Mail: "mail"}
	return Config{URL: "ldaps://ldap.example.org", BindDN: "cn=x", BindPassword: "x", People: q, Groups: q, Member: []string{"member"}}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		wrong  string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.URL = "ldap://127.0.0.1:389" }, ""},
		{func(c *Config) { c.URL = "ldap://localhost" }, ""},
		{func(c *Config) { c.URL, c.StartTLS = "ldap://ldap.example.org", true }, ""},
		{func(c *Config) { c.URL = "ldap://ldap.example.org" }, "in clear"},
		{func(c *Config) { c.StartTLS = true }, "start_tls"},
		{func(c *Config) { c.URL = "http://ldap.example.org" }, "does not begin with"},
		{func(c *Config) { c.BindPassword = "" }, "bind_dn"},
		{func(c *Config) { c.BindDN = "" }, "bind_dn"},
		{func(c *Config) { c.People.Base = "" }, "people_base"},
		{func(c *Config) { c.People.Base = "people" }, "people_base"},
		{func(c *Config) { c.Groups.Base = "" }, ""},
		{func(c *Config) { c.Groups.Filter = "(cn=" }, "groups_filter"},
		{func(c *Config) { c.People.Key = "uid=*)(x" }, "not the name of an attribute"},
		{func(c *Config) { c.People.Name = "" }, "not the name of an attribute"},
		{func(c *Config) { c.People.Mail = "" }, ""},
	} {
		conf := sample()
		c.change(&conf)
		if _, err := New(conf); (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%+v: %v, want %q", conf, err, c.wrong)
		}
	}
}

// TestKeys: what is no text, and what looks like something else, survives the way
// into a key and back into a filter.
func TestKeys(t *testing.T) {
	for _, c := range []struct{ raw, key, filter string }{
		{"", "", ""},
		{"b1f3-x", "b1f3-x", "b1f3-x"},
		{"\xff\x00*(", "hex:ff002a28", `\ff\00\2a\28`},
		{"a*)(uid=*", "a*)(uid=*", `a\2a\29\28uid=\2a`},
		{"hex:00", "hex:6865783a3030", "hex:00"},
		{"a\nb", "hex:610a62", "a\nb"},
	} {
		e := &ldap.Entry{Attributes: []*ldap.EntryAttribute{{Name: "objectguid", ByteValues: [][]byte{[]byte(c.raw)}}}}
		if got := keyOf(e, "objectGUID"); got != c.key {
			t.Errorf("%q has the key %q, not %q", c.raw, got, c.key)
		}
		if got := keyFilter(c.key); got != c.filter {
			t.Errorf("%q is %q in a filter, not %q", c.key, got, c.filter)
		}
	}
}

// A rangedServer hands out n values of member, at most step at a time.
type rangedServer struct{ n, step int }

func (s rangedServer) entry(from int) *ldap.Entry {
	name, to := fmt.Sprintf("Member;Range=%d-%d", from, from+s.step-1), from+s.step
	if to >= s.n {
		name, to = fmt.Sprintf("Member;Range=%d-*", from), s.n
	}
	a := &ldap.EntryAttribute{Name: name}
	for i := from; i < to; i++ {
		a.Values = append(a.Values, fmt.Sprint(i))
	}
	return &ldap.Entry{DN: "cn=big", Attributes: []*ldap.EntryAttribute{{Name: "member"}, a}}
}

func (s rangedServer) Search(r *ldap.SearchRequest) (*ldap.SearchResult, error) {
	var from int
	if _, err := fmt.Sscanf(r.Attributes[0], "member;range=%d-*", &from); err != nil {
		return nil, err
	}
	return &ldap.SearchResult{Entries: []*ldap.Entry{s.entry(from)}}, nil
}

// TestRanges: Active Directory's large groups, of which none may look empty.
func TestRanges(t *testing.T) {
	for _, n := range []int{1, 1499, 1500, 1501, 4000} {
		s := rangedServer{n, 1500}
		values, err := allValues(s, s.entry(0), "member")
		if err != nil || len(values) != n || !slices.Contains(values, fmt.Sprint(n-1)) {
			t.Errorf("%d of %d values, %v", len(values), n, err)
		}
	}
	e := ldap.NewEntry("cn=small", map[string][]string{"member": {"a", "b"}})
	if values, err := allValues(nil, e, "Member"); err != nil || len(values) != 2 {
		t.Errorf("%v, %v", values, err)
	}
	if values, err := allValues(nil, e, "memberUid"); err != nil || len(values) != 0 {
		t.Errorf("%v, %v", values, err)
	}
}

func TestNormalDN(t *testing.T) {
	const want = "cn=interns,ou=groups,dc=example,dc=org"
	for _, s := range []string{want, "CN=Interns,OU=Groups,DC=Example,DC=org", "cn = interns , ou=groups,dc=example, dc=org", `cn=\69nterns,ou=groups,dc=example,dc=org`} {
		if got := normalDN(s); got != want {
			t.Errorf("%s is %s", s, got)
		}
	}
	if got := normalDN("anna"); got != "" {
		t.Errorf("a name is %s", got)
	}
}
