// Package ldapdir takes people and groups from an LDAP server (RFC 4511), and
// lets it check their passwords. It is a directory.Source.
//
// It reads with the filters that it is given, in pages; it never writes. What
// comes from outside, keys and names, is escaped before it gets into a filter.
package ldapdir

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// A Config says where the server is and what is read there.
type Config struct {
	URL      string      // ldap://, ldaps:// or ldapi://
	StartTLS bool        // on ldap://
	TLS      *tls.Config // nil: the certificate authorities of the system
	// BindDN and BindPassword are with what the tree is read; empty: anonymously.
	BindDN, BindPassword string
	// Timeout of each operation; 0 means 10 seconds.
	Timeout time.Duration

	People Query
	Groups Query    // without a Base there are no groups from here
	Member []string // attributes that hold the DNs or the names of members
}

// A Query says who is found, and which attributes tell what of them.
type Query struct {
	Base   string
	Filter string
	Name   string // the first value is the name
	Key    string // an attribute that never changes: entryUUID, objectGUID
	Mail   string // every value is an address; "": none
}

// check returns what is wrong with a configuration.
func (c *Config) check() error {
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	switch u.Scheme {
	case "ldaps", "ldapi":
		if c.StartTLS {
			return fmt.Errorf("start_tls: is for ldap://, not for %s://", u.Scheme)
		}
	case "ldap":
		if ip := net.ParseIP(u.Hostname()); !c.StartTLS && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return errors.New("url: passwords would go over the network in clear: use ldaps://, or set start_tls")
		}
	default:
		return fmt.Errorf("url: %q does not begin with ldap://, ldaps:// or ldapi://", c.URL)
	}
	if (c.BindDN == "") != (c.BindPassword == "") {
		return errors.New("bind_dn: needs a password, and a password needs it (RFC 4513 section 5.1.2)")
	}
	return errors.Join(c.People.check("people"), c.Groups.check("groups"))
}

func (q *Query) check(what string) error {
	if q.Base == "" {
		if what == "people" {
			return errors.New("people_base: where are the people?")
		}
		return nil
	}
	if _, err := ldap.ParseDN(q.Base); err != nil {
		return fmt.Errorf("%s_base: %w", what, err)
	}
	if _, err := ldap.CompileFilter(q.Filter); err != nil {
		return fmt.Errorf("%s_filter: %w", what, err)
	}
	for _, a := range []string{q.Name, q.Key, cmp.Or(q.Mail, "mail")} {
		if !isAttribute(a) {
			return fmt.Errorf("%s: %q is not the name of an attribute", what, a)
		}
	}
	return nil
}

// isAttribute tells whether s is an attribute description (RFC 4512 section 2.5).
func isAttribute(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return s != ""
}
