package ldapdir

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"poststube/directory"
)

// pageSize is how many entries are asked for at a time (RFC 2696); servers give
// no more than some hundreds or a thousand.
const pageSize = 500

// Roster implements directory.Source.
func (s *Source) Roster(ctx context.Context) (directory.Roster, error) {
	var r roster
	err := s.readers.do(ctx, func(conn *ldap.Conn) error {
		r = roster{dns: make(map[string]string), names: make(map[string]string)}
		people, err := s.find(conn, s.config.People, nil)
		if err != nil {
			return fmt.Errorf("people: %w", err)
		}
		var groups []*ldap.Entry
		if s.config.Groups.Base != "" {
			if groups, err = s.find(conn, s.config.Groups, s.config.Member); err != nil {
				return fmt.Errorf("groups: %w", err)
			}
		}
		for _, e := range people {
			r.person(e, &s.config.People)
		}
		for _, e := range groups {
			r.group(e, &s.config.Groups)
		}
		for i, e := range groups {
			if r.Groups[i].Members, err = r.members(conn, e, s.config.Member); err != nil {
				return fmt.Errorf("members of %s: %w", e.DN, err)
			}
		}
		return nil
	})
	return r.Roster, err
}

// find returns the entries of a query.
func (s *Source) find(conn *ldap.Conn, q Query, more []string) ([]*ldap.Entry, error) {
	attributes := append([]string{q.Name, q.Key}, more...)
	if q.Mail != "" {
		attributes = append(attributes, q.Mail)
	}
	found, err := conn.SearchWithPaging(ldap.NewSearchRequest(q.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, q.Filter, attributes, nil), pageSize)
	if err != nil {
		return nil, err
	}
	return found.Entries, nil
}

// A roster is a directory.Roster in the making.
type roster struct {
	directory.Roster
	dns   map[string]string // normal DN -> key
	names map[string]string // name of a person -> key
}

func (r *roster) person(e *ldap.Entry, q *Query) {
	p := directory.SourcePerson{Key: keyOf(e, q.Key), Name: e.GetEqualFoldAttributeValue(q.Name), Addresses: addresses(e, q)}
	r.People = append(r.People, p)
	r.dns[normalDN(e.DN)], r.names[strings.ToLower(p.Name)] = p.Key, p.Key
}

// group adds a group. Spaces in its name, which are usual there and cannot be
// here, become dashes.
func (r *roster) group(e *ldap.Entry, q *Query) {
	name := strings.Join(strings.Fields(e.GetEqualFoldAttributeValue(q.Name)), "-")
	g := directory.SourceGroup{Key: keyOf(e, q.Key), Name: name, Addresses: addresses(e, q)}
	r.Groups = append(r.Groups, g)
	r.dns[normalDN(e.DN)] = g.Key
}

func addresses(e *ldap.Entry, q *Query) []string {
	if q.Mail == "" {
		return nil
	}
	return e.GetEqualFoldAttributeValues(q.Mail)
}

// members returns the keys of a group's members: people and groups by their DN,
// people also by their name, as in memberUid (RFC 2307). Others are left out.
func (r *roster) members(conn searcher, e *ldap.Entry, attributes []string) ([]string, error) {
	var keys []string
	for _, attribute := range attributes {
		values, err := allValues(conn, e, attribute)
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			if key, ok := r.dns[normalDN(v)]; ok {
				keys = append(keys, key)
			} else if key, ok := r.names[strings.ToLower(v)]; ok {
				keys = append(keys, key)
			}
		}
	}
	return keys, nil
}

// normalDN is one form for all in which a DN can be written.
func normalDN(s string) string {
	dn, err := ldap.ParseDN(s)
	if err != nil {
		return ""
	}
	return strings.ToLower(dn.String())
}

type searcher interface {
	Search(*ldap.SearchRequest) (*ldap.SearchResult, error)
}

// allValues returns all values of an attribute. Active Directory gives no more than
// 1,500 at a time, under names such as "member;range=0-1499", and the next ones
// when it is asked for "member;range=1500-*" (MS-ADTS section 3.1.1.3.1.3.3).
func allValues(conn searcher, e *ldap.Entry, attribute string) ([]string, error) {
	if values := e.GetEqualFoldAttributeValues(attribute); len(values) > 0 {
		return values, nil
	}
	var all []string
	for {
		values, last, found := ranged(e, attribute)
		if !found {
			return all, nil
		}
		if all = append(all, values...); last < 0 {
			return all, nil
		}
		next := fmt.Sprintf("%s;range=%d-*", attribute, last+1)
		r, err := conn.Search(ldap.NewSearchRequest(e.DN, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)", []string{next}, nil))
		if err != nil {
			return nil, err
		}
		if len(r.Entries) != 1 || len(values) == 0 {
			return nil, fmt.Errorf("the server gave %d values of %s and then no more", len(all), attribute)
		}
		e = r.Entries[0]
	}
}

// ranged returns the values that an entry has of an attribute in a range, and the
// number of the last one; -1 if it is the last of all.
func ranged(e *ldap.Entry, attribute string) (values []string, last int, found bool) {
	prefix := strings.ToLower(attribute) + ";range="
	for _, a := range e.Attributes {
		bounds, ok := strings.CutPrefix(strings.ToLower(a.Name), prefix)
		if !ok {
			continue
		}
		_, end, _ := strings.Cut(bounds, "-")
		last, err := strconv.Atoi(end)
		if err != nil {
			last = -1 // "*"
		}
		return a.Values, last, true
	}
	return nil, 0, false
}
