package ldap

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const (
	base    = "dc=example,dc=org"
	people  = "ou=people," + base
	groups  = "ou=groups," + base
	manager = "cn=manager," + base
	service = "cn=poststube," + base // who may read, in pages
)

// A slapd is a server that runs.
type slapd struct {
	t           *testing.T
	dir         string
	plain, tls  string // URLs
	ca          string // a file
	certificate *tls.Config
	admin       *ldap.Conn
}

// startSlapd starts a server with what ldif says beneath the base.
func startSlapd(t *testing.T, ldif string) *slapd {
	t.Helper()
	program, err := exec.LookPath("slapd")
	if err != nil {
		why := "slapd is not installed: RUNLEVEL=1 apt-get install slapd"
		if os.Getenv("CI") != "" || os.Getenv("POSTSTUBE_INTEROP") != "" {
			t.Fatal("LDAP cannot be tested: " + why)
		}
		t.Skip("NOT TESTED WITH A REAL LDAP SERVER: " + why)
	}
	s := &slapd{t: t, dir: t.TempDir()}
	s.makeCertificate()
	s.write("slapd.conf", `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile DIR/pid
TLSCertificateFile DIR/cert.pem
TLSCertificateKeyFile DIR/key.pem
database mdb
suffix "`+base+`"
directory DIR/db
maxsize 268435456
dbnosync
rootdn "`+manager+`"
rootpw manager
limits dn.exact="`+service+`" size=200 size.pr=500 size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="`+service+`" read by * none
`)
	if err := os.Mkdir(filepath.Join(s.dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write("tree.ldif", tree+ldif)
	conf := filepath.Join(s.dir, "slapd.conf")
	if out, err := exec.Command("slapadd", "-q", "-f", conf, "-l", filepath.Join(s.dir, "tree.ldif")).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	s.plain, s.tls = "ldap://"+freePort(t), "ldaps://"+freePort(t)
	var log bytes.Buffer
	cmd := exec.Command(program, "-f", conf, "-h", s.plain+" "+s.tls, "-d", "0")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("slapd: %v\n%s", err, log.String())
		}
	})
	s.admin = s.connect()
	t.Cleanup(func() { s.admin.Close() })
	return s
}

// connect connects as the manager, as soon as the server listens.
func (s *slapd) connect() *ldap.Conn {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := ldap.DialURL(s.plain)
		if err == nil {
			err = conn.Bind(manager, "manager")
		}
		if err == nil {
			return conn
		}
		if time.Now().After(deadline) {
			s.t.Fatal(err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (s *slapd) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(strings.ReplaceAll(text, "DIR", s.dir)), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// makeCertificate makes a certificate for 127.0.0.1 that is its own authority.
func (s *slapd) makeCertificate() {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{{127, 0, 0, 1}},
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	s.write("cert.pem", string(certPEM))
	s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	s.ca = filepath.Join(s.dir, "cert.pem")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	s.certificate = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// modify changes an entry.
func (s *slapd) modify(dn string, change func(*ldap.ModifyRequest)) {
	s.t.Helper()
	r := ldap.NewModifyRequest(dn, nil)
	change(r)
	if err := s.admin.Modify(r); err != nil {
		s.t.Fatal(err)
	}
}

// tree is what every tree begins with.
const tree = `dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: cn=poststube,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: poststube
userPassword: service

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

`

// person is a person in LDIF, whose password is the name backwards.
func person(name string) string {
	backwards := []byte(name)
	for i, j := 0, len(backwards)-1; i < j; i, j = i+1, j-1 {
		backwards[i], backwards[j] = backwards[j], backwards[i]
	}
	return fmt.Sprintf("dn: uid=%[1]s,%[3]s\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: %[1]s\nmail: %[1]s@mail.example.org\nuserPassword: %[2]s\n\n",
		name, backwards, people)
}

// group is a group in LDIF; members are DNs.
func group(name string, members ...string) string {
	return fmt.Sprintf("dn: cn=%s,%s\nobjectClass: groupOfNames\ncn: %s\nmember: %s\n\n", name, groups, name, strings.Join(members, "\nmember: "))
}
