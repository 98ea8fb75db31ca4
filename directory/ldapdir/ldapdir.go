package ldapdir

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"poststube/directory"
)

// A Source is an LDAP server as a directory.Source. It is safe for concurrent
// use.
type Source struct {
	config  Config
	readers *pool
	binders *pool
}

// New returns a source. It does not connect yet; the error says what is wrong with
// the configuration.
func New(c Config) (*Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.TLS == nil {
		c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if u, err := url.Parse(c.URL); err == nil && c.TLS.ServerName == "" {
		c.TLS = c.TLS.Clone()
		c.TLS.ServerName = u.Hostname()
	}
	return &Source{config: c, readers: newPool(&c, true), binders: newPool(&c, false)}, nil
}

// Close closes the connections that are kept.
func (s *Source) Close() error {
	s.readers.close()
	s.binders.close()
	return nil
}

// Name implements directory.Source.
func (s *Source) Name() string { return "ldap" }

// Check implements directory.Source: it looks for the person with a key, among
// those whom the filter lets through, and binds as that person (RFC 4513 section
// 5.1.3). For nobody it binds too, in vain.
func (s *Source) Check(ctx context.Context, key, password string) (bool, error) {
	if password == "" {
		return false, nil // would be an unauthenticated bind (RFC 4513 section 5.1.2)
	}
	var found *ldap.SearchResult
	err := s.readers.do(ctx, func(conn *ldap.Conn) (err error) {
		found, err = conn.Search(s.keySearch(key))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("ldap: look for a person: %w", err)
	}
	dn := "cn=nobody," + s.config.People.Base
	if len(found.Entries) == 1 {
		dn = found.Entries[0].DN
	}
	err = s.binders.do(ctx, func(conn *ldap.Conn) error { return conn.Bind(dn, password) })
	switch {
	case err == nil:
		return len(found.Entries) == 1, nil
	case ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInappropriateAuthentication,
		ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultConstraintViolation, ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultInvalidDNSyntax):
		return false, nil // also what locked and expired accounts are told with
	}
	return false, fmt.Errorf("ldap: bind: %w", err)
}

// keySearch looks for the one person with a key.
func (s *Source) keySearch(key string) *ldap.SearchRequest {
	q := s.config.People
	filter := "(&" + q.Filter + "(" + q.Key + "=" + keyFilter(key) + "))"
	return ldap.NewSearchRequest(q.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, 0, false, filter, []string{q.Key}, nil)
}

// binaryKey is before the hexadecimal form of a key that is no text, such as an
// objectGUID of Active Directory.
const binaryKey = "hex:"

// keyOf returns an attribute's first value as a key, and is empty if there is none.
func keyOf(e *ldap.Entry, attribute string) string {
	raw := e.GetEqualFoldRawAttributeValue(attribute)
	if utf8.Valid(raw) && strings.IndexFunc(string(raw), unicode.IsControl) < 0 && !strings.HasPrefix(string(raw), binaryKey) {
		return string(raw)
	}
	return binaryKey + hex.EncodeToString(raw)
}

// keyFilter is keyOf's inverse, as a value in a filter (RFC 4515 section 3).
func keyFilter(key string) string {
	if h, ok := strings.CutPrefix(key, binaryKey); ok {
		if raw, err := hex.DecodeString(h); err == nil {
			key = string(raw)
		}
	}
	return ldap.EscapeFilter(key)
}

// isLDAP tells whether an error came from the LDAP library.
func isLDAP(err error) bool {
	var e *ldap.Error
	return errors.As(err, &e)
}

var _ directory.Source = (*Source)(nil)
