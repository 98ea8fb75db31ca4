package ldap

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// TestLive: people of the LDAP server log in and share with its groups, and what
// changes there takes effect in their sessions.
func TestLive(t *testing.T) {
	t.Parallel()
	s := startSlapd(t, person("anna")+person("ben")+person("clara")+
		group("interns", "uid=clara,"+people)+group("sales", "uid=ben,"+people, "cn=interns,"+groups))
	n := startNode(t, s)
	if got := n.run("source", "list"); strings.Count(got, " person ") != 3 || strings.Count(got, " group ") != 2 {
		t.Errorf("source list:\n%s", got)
	}
	anna, ben, clara := n.dial(), n.dial(), n.dial()
	anna.expect("CAPABILITY", "AUTH=PLAIN")
	if got := anna.do("CAPABILITY"); strings.Contains(got, "SCRAM") {
		t.Errorf("SCRAM is offered, which LDAP cannot check: %s", got)
	}
	anna.expect(`LOGIN "*" anna`, "a NO [AUTHENTICATIONFAILED]")
	anna.expect("LOGIN anna anna", "a OK")
	ben.expect(`LOGIN ben@mail.example.org "neb"`, "a OK")
	clara.expect("LOGIN clara aralc", "a OK")
	anna.expect("CREATE Offers", "a OK")
	anna.expect("SETACL Offers group:sales lr", "a OK")
	for _, c := range []*client{ben, clara} {
		c.expect(`LIST "" Users/*`, "Users/anna/Offers")
		c.send("i IDLE")
		c.until("+ ")
	}
	// A nested group leaves.
	s.modify("cn=sales,"+groups, func(r *ldap.ModifyRequest) { r.Delete("member", []string{"cn=interns," + groups}) })
	if got := n.run("source", "sync"); !strings.Contains(got, "memberships: 0 more, 1 less") {
		t.Errorf("sync: %s", got)
	}
	clara.until(`* LIST (\NonExistent \Noselect) "/" Users/anna/Offers`)
	// Another joins, by a new DN.
	if err := s.admin.ModifyDN(ldap.NewModifyDNRequest("uid=clara,"+people, "uid=claire", true, "")); err != nil {
		t.Fatal(err)
	}
	s.modify("cn=sales,"+groups, func(r *ldap.ModifyRequest) { r.Add("member", []string{"uid=claire," + people}) })
	if got := n.run("source", "sync"); !strings.Contains(got, "renamed: clara -> claire") {
		t.Errorf("sync: %s", got)
	}
	clara.until(`* LIST (\Subscribed \HasNoChildren) "/" Users/anna/Offers`)
	// Who is gone there is out here, at once; their mail stays for when they are
	// back.
	ben.send("DONE")
	ben.until("i OK")
	ben.expect("CREATE Mine", "a OK")
	ben.send("i IDLE")
	ben.until("+ ")
	entry, err := s.admin.Search(ldap.NewSearchRequest("uid=ben,"+people, ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"entryUUID"}, nil))
	if err != nil || len(entry.Entries) != 1 {
		t.Fatal(entry, err)
	}
	if err := s.admin.ModifyDN(ldap.NewModifyDNRequest("uid=ben,"+people, "uid=ben", true, base)); err != nil {
		t.Fatal(err)
	}
	// The password is refused even before anybody has looked who is there.
	n.dial().expect("LOGIN ben neb", "a NO [AUTHENTICATIONFAILED]")
	if got := n.run("source", "sync"); !strings.Contains(got, "gone: ben") {
		t.Errorf("sync: %s", got)
	}
	ben.until("* BYE")
	if got := n.run("mailbox", "list", "-u", "ben"); !strings.Contains(got, "Mine") {
		t.Errorf("ben's mailboxes:\n%s", got)
	}
	if err := s.admin.ModifyDN(ldap.NewModifyDNRequest("uid=ben,"+base, "uid=ben", true, people)); err != nil {
		t.Fatal(err)
	}
	if got := n.run("source", "sync", "-f", "json"); !strings.Contains(got, `"back":["ben"]`) && !strings.Contains(got, `"back": [`) {
		t.Errorf("sync: %s", got)
	}
	ben = n.dial()
	ben.expect("LOGIN ben neb", "a OK")
	ben.expect(`LIST "" Mine`, "Mine")
	n.run("verify")
}
