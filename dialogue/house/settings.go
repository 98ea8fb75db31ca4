package house

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"poststube/acl"
	"poststube/mail"
)

// limit sets a limit of IMAP by the name of its field in lower case.
func (h *House) limit(name, value string) error {
	l := &h.Limits
	durations := map[string]*time.Duration{"logintime": &l.LoginTime, "idletime": &l.IdleTime, "stalltime": &l.StallTime}
	numbers := map[string]*int{
		"loginbadcommands": &l.LoginBadCommands, "pendingperaddress": &l.PendingPerAddress, "badcommands": &l.BadCommands,
		"messagelimit": &l.MessageLimit, "sessionsperuser": &l.SessionsPerUser, "sessionsperuseraddr": &l.SessionsPerUserAddr,
	}
	var err error
	switch {
	case h.imap != nil:
		return fmt.Errorf("limits must be set before the first connection")
	case durations[name] != nil:
		*durations[name], err = time.ParseDuration(value)
	case numbers[name] != nil:
		*numbers[name], err = strconv.Atoi(value)
	case name == "maxmessage":
		l.MaxMessage, err = strconv.ParseInt(value, 10, 64)
	default:
		err = fmt.Errorf("no limit %q", name)
	}
	return err
}

// allow gives somebody rights in a mailbox.
func allow(ctx context.Context, owner *mail.User, path, who, rights string) error {
	id, err := acl.ParseIdentifier(who)
	if err != nil {
		return err
	}
	mod, err := acl.ParseModification(rights, acl.Supported)
	if err != nil {
		return err
	}
	return owner.SetACL(ctx, path, id, mod)
}

// quota limits what somebody owns.
func (h *House) quota(ctx context.Context, name, octets, messages string) error {
	owner, err := h.owner(ctx, name)
	if err != nil {
		return err
	}
	var q mail.Quota
	if q.Bytes, err = strconv.ParseInt(octets, 10, 64); err != nil {
		return err
	}
	if q.Messages, err = strconv.ParseUint(messages, 10, 64); err != nil {
		return err
	}
	return owner.SetQuota(ctx, q)
}

// selfSigned returns a TLS configuration for the server.
func selfSigned() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "imap.example.org"},
		DNSNames:     []string{"imap.example.org"},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Unix(1<<33, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, nil
}
