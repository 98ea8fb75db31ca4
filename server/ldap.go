package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"poststube/directory/ldapdir"
)

// LDAP says which LDAP server people and groups come from.
type LDAP struct {
	URL              string   `toml:"url" doc:"Where the server is: \"ldaps://HOST\", \"ldap://HOST\" with start_tls or on this host, or \"ldapi://PATH\". Empty: people and groups are those that were added here."`
	StartTLS         bool     `toml:"start_tls" doc:"Encrypt connections of ldap:// by StartTLS."`
	CA               string   `toml:"ca" doc:"A PEM file with the certificate authorities for the server's certificate. Default: those of the system."`
	BindDN           string   `toml:"bind_dn" doc:"As whom the tree is read. Default: anonymously."`
	BindPassword     string   `toml:"bind_password" doc:"The password for bind_dn."`
	BindPasswordFile string   `toml:"bind_password_file" doc:"A file with the password for bind_dn, instead of bind_password."`
	PeopleBase       string   `toml:"people_base" doc:"Where people are, as \"ou=people,dc=example,dc=org\"."`
	PeopleFilter     string   `toml:"people_filter" doc:"Who among the entries there has a mailbox. Whom it no longer finds can no longer log in."`
	PeopleName       string   `toml:"people_name" doc:"The attribute with the login name."`
	PeopleKey        string   `toml:"people_key" doc:"An attribute that each person has, unlike all others and for ever: \"entryUUID\", with Active Directory \"objectGUID\"."`
	PeopleMail       string   `toml:"people_mail" doc:"The attribute with mail addresses, all of which are received for; empty: none."`
	GroupsBase       string   `toml:"groups_base" doc:"Where groups are; empty: none come from there."`
	GroupsFilter     string   `toml:"groups_filter" doc:"Which entries there are groups."`
	GroupsName       string   `toml:"groups_name" doc:"The attribute with the name of a group. Spaces become dashes."`
	GroupsKey        string   `toml:"groups_key" doc:"As people_key, for groups."`
	GroupsMail       string   `toml:"groups_mail" doc:"As people_mail, for groups."`
	GroupsMember     []string `toml:"groups_member" doc:"Attributes with the members of a group: the DNs of people and of other groups, or login names."`
	Refresh          Duration `toml:"refresh" doc:"How often people and groups are read. What has changed holds at once then, also in open sessions."`
	Adopt            bool     `toml:"adopt" doc:"Take people and groups that were added here, and have the same name, for those of the LDAP server."`
}

func defaultLDAP() LDAP {
	return LDAP{
		PeopleFilter: "(objectClass=inetOrgPerson)", PeopleName: "uid", PeopleKey: "entryUUID", PeopleMail: "mail",
		GroupsFilter: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
		GroupsName:   "cn", GroupsKey: "entryUUID", GroupsMember: []string{"member", "uniqueMember", "memberUid"},
		Refresh: Duration(5 * time.Minute),
	}
}

// source returns what a directory is opened with, or nil if there is no LDAP
// server.
func (l *LDAP) source() (*ldapdir.Source, error) {
	if l.URL == "" {
		return nil, nil
	}
	c := ldapdir.Config{
		URL: l.URL, StartTLS: l.StartTLS, BindDN: l.BindDN, BindPassword: l.BindPassword, Member: l.GroupsMember,
		People: ldapdir.Query{Base: l.PeopleBase, Filter: l.PeopleFilter, Name: l.PeopleName, Key: l.PeopleKey, Mail: l.PeopleMail},
		Groups: ldapdir.Query{Base: l.GroupsBase, Filter: l.GroupsFilter, Name: l.GroupsName, Key: l.GroupsKey, Mail: l.GroupsMail},
	}
	if l.BindPasswordFile != "" {
		if l.BindPassword != "" {
			return nil, errors.New("ldap.bind_password: is given twice, here and in a file")
		}
		b, err := os.ReadFile(l.BindPasswordFile)
		if err != nil {
			return nil, fmt.Errorf("ldap.bind_password_file: %w", err)
		}
		c.BindPassword = strings.TrimRight(string(b), "\r\n")
	}
	if l.CA != "" {
		pem, err := os.ReadFile(l.CA)
		if err != nil {
			return nil, fmt.Errorf("ldap.ca: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ldap.ca: %s holds no certificates", l.CA)
		}
		c.TLS = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	if l.Refresh.std() < time.Second {
		return nil, errors.New("ldap.refresh: the least is 1s")
	}
	s, err := ldapdir.New(c)
	if err != nil {
		return nil, fmt.Errorf("ldap.%w", err)
	}
	return s, nil
}

// syncSource keeps people and groups up to date with the LDAP server, if there is
// one.
func (s *Server) syncSource(ctx context.Context) {
	if s.config.LDAP.URL == "" {
		return
	}
	service := s.store.Admin()
	service.Online = s.online()
	refresh := time.NewTicker(s.config.LDAP.Refresh.std())
	defer refresh.Stop()
	for {
		done, err := service.SyncSource(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.Error("people and groups could not be read; those of last time stay", "err", err)
		case done.Changed() || len(done.Problems) > 0:
			s.log.Info("people and groups read", "people", done.People, "groups", done.Groups, "added", len(done.Added),
				"renamed", len(done.Renamed), "gone", len(done.Gone), "back", len(done.Back), "joined", done.Joined, "left", done.Left)
			for _, p := range done.Problems {
				s.log.Warn("not taken over", "problem", p)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-refresh.C:
		}
	}
}
