package directory

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xdg-go/scram"
)

// tlsPair makes a handshake over a pipe and returns both states. maxVersion 0
// means the newest.
func tlsPair(t testing.TB, maxVersion uint16) (server, client *tls.ConnectionState) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"example.org"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ok(t, err)
	cert, err := x509.ParseCertificate(der)
	ok(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	sc := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MaxVersion: maxVersion})
	cc := tls.Client(b, &tls.Config{RootCAs: roots, ServerName: "example.org", MaxVersion: maxVersion})
	failed := make(chan error, 1)
	go func() { failed <- sc.HandshakeContext(t.Context()) }()
	// In TLS 1.3 the server sends tickets after the client is done.
	ok(t, cc.HandshakeContext(t.Context()))
	go func() { _, _ = cc.Read(make([]byte, 1)) }()
	ok(t, <-failed)
	s, c := sc.ConnectionState(), cc.ConnectionState()
	return &s, &c
}

func TestChannelBinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openCheap(t)
		addPerson(t, d, "anna", "secret")
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			server, peer := tlsPair(t, version)
			_, other := tlsPair(t, version)
			ch := Channel{Origin: home, TLS: server, Certificate: peer.PeerCertificates[0]}
			exported, err := peer.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
			ok(t, err)
			endPoint, err := scram.NewTLSServerEndpointBinding(peer)
			ok(t, err)
			foreign, err := other.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
			ok(t, err)
			for _, c := range []struct {
				name string
				bind scram.ChannelBinding
				kind error
			}{
				{"exporter", scram.ChannelBinding{Type: "tls-exporter", Data: exported}, nil},
				{"end point", endPoint, nil},
				{"somebody in between", scram.ChannelBinding{Type: "tls-exporter", Data: foreign}, ErrAuth},
				{"type and data differ", scram.ChannelBinding{Type: "tls-server-end-point", Data: exported}, ErrAuth},
				{"unknown type", scram.ChannelBinding{Type: "tls-what", Data: exported}, ErrSyntax},
			} {
				x := begin(t, d, "SCRAM-SHA-256-PLUS", ch)
				want(t, client(t, x, sha256.New, "anna", "secret", "", &c.bind, nil), c.kind)
			}
			unique := scram.ChannelBinding{Type: "tls-unique", Data: peer.TLSUnique}
			if version == tls.VersionTLS12 {
				ok(t, client(t, begin(t, d, "SCRAM-SHA-1-PLUS", ch), scram.SHA1, "anna", "secret", "", &unique, nil))
			}

			// A client that could bind and was not shown -PLUS says "y": somebody
			// took it out of the list.
			_, _, err = talk(t, begin(t, d, "SCRAM-SHA-256", ch), "y,,n=anna,r=abc")
			want(t, err, ErrSyntax)
			_, _, err = talk(t, begin(t, d, "SCRAM-SHA-256", ch), "p=tls-exporter,,n=anna,r=abc")
			want(t, err, ErrSyntax)
			_, _, err = talk(t, begin(t, d, "SCRAM-SHA-256-PLUS", ch), "n,,n=anna,r=abc")
			want(t, err, ErrSyntax)
		}
		_, _, err := talk(t, begin(t, d, "SCRAM-SHA-256", Channel{Origin: home}), "y,,n=anna,r=abc")
		ok(t, err)
	})
}

func TestEndPoint(t *testing.T) {
	if endPoint(nil) != nil {
		t.Error("a binding without a certificate")
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	ok(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	ok(t, err)
	cert, err := x509.ParseCertificate(der)
	ok(t, err)
	if endPoint(cert) != nil {
		t.Error("Ed25519 has no hash, so there is no tls-server-end-point (RFC 5929 section 4.1)")
	}
	if bindingData("tls-server-end-point", Channel{}) != nil || bindingData("tls-exporter", Channel{}) != nil || canBind(Channel{}) {
		t.Error("a binding without TLS")
	}
}
