package server

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// handshake makes one over a loopback connection, and a first exchange behind it,
// with which the tickets of TLS 1.3 come.
func handshake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return // the client's side tells
		}
		defer conn.Close()
		io.WriteString(tls.Server(conn, server), "hello\r\n")
	}()
	conn, err := net.DialTimeout("tcp", l.Addr().String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	tc := tls.Client(conn, client)
	if _, err := bufio.NewReader(tc).ReadString('\n'); err != nil {
		return tls.ConnectionState{}, err
	}
	return tc.ConnectionState(), nil
}

// TestTLSPolicy: Mozilla's intermediate level, version 5.7: TLS 1.2 and 1.3 only,
// these cipher suites, these groups, and the protocol's own name in ALPN.
func TestTLSPolicy(t *testing.T) {
	c := Default()
	cert, err := openCertificate(&c, t.TempDir(), silent)
	if err != nil {
		t.Fatal(err)
	}
	config := cert.config("imap")
	try := func(change func(*tls.Config)) (tls.ConnectionState, error) {
		client := &tls.Config{InsecureSkipVerify: true}
		change(client)
		return handshake(t, config, client)
	}
	for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		state, err := try(func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version })
		if (err == nil) != want || err == nil && state.Version != version {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	intermediate := []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
	taken := 0
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		if slices.Contains(suite.SupportedVersions, tls.VersionTLS13) {
			continue // all three are at the level; they can't be chosen
		}
		_, err := try(func(c *tls.Config) { c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{suite.ID} })
		if err == nil {
			taken++
			if !slices.Contains(intermediate, suite.ID) {
				t.Errorf("%s was taken", suite.Name)
			}
		}
	}
	if taken != 3 { // those with ECDSA, which the self-signed key is for
		t.Errorf("%d suites were taken", taken)
	}
	for curve, want := range map[tls.CurveID]bool{
		tls.X25519MLKEM768: true, tls.X25519: true, tls.CurveP256: true, tls.CurveP384: true, tls.CurveP521: false,
	} {
		if _, err := try(func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{curve} }); (err == nil) != want {
			t.Errorf("%v: %v", curve, err)
		}
	}
	for _, a := range []struct {
		offered []string
		want    string
		refused bool
	}{{nil, "", false}, {[]string{"imap"}, "imap", false}, {[]string{"h2", "imap"}, "imap", false}, {[]string{"h2", "http/1.1"}, "", true}, {[]string{"smtp"}, "", true}} {
		state, err := try(func(c *tls.Config) { c.NextProtos = a.offered })
		if (err != nil) != a.refused || state.NegotiatedProtocol != a.want {
			t.Errorf("ALPN %v: %q, %v", a.offered, state.NegotiatedProtocol, err)
		}
	}
}

// TestTickets: sessions can be resumed, also after the key of tickets was changed
// once, and not after the certificate was.
func TestTickets(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c := Default()
		dir := t.TempDir()
		cert, err := openCertificate(&c, dir, silent)
		if err != nil {
			t.Fatal(err)
		}
		config := cert.config("imap")
		client := &tls.Config{InsecureSkipVerify: true, MaxVersion: version, ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		resumed := func() bool {
			t.Helper()
			state, err := handshake(t, config, client)
			if err != nil {
				t.Fatal(err)
			}
			return state.DidResume
		}
		name := tls.VersionName(version)
		if resumed() {
			t.Errorf("%s: the first session was resumed", name)
		}
		if !resumed() {
			t.Errorf("%s: not resumed", name)
		}
		for range ticketKeys - 1 {
			cert.mu.Lock()
			cert.rotate(time.Now())
			cert.mu.Unlock()
		}
		if !resumed() {
			t.Errorf("%s: not resumed after two days", name)
		}
		// A day passes without somebody watching.
		cert.mu.Lock()
		before := cert.tickets[0]
		cert.newest, cert.checked = cert.newest.Add(-ticketTime), time.Time{}
		cert.mu.Unlock()
		resumed()
		cert.mu.Lock()
		if cert.tickets[0] == before || len(cert.tickets) != ticketKeys {
			t.Errorf("%s: %d keys, the newest a day old", name, len(cert.tickets))
		}
		cert.mu.Unlock()
		if err := selfSign("localhost", filepath.Join(dir, "tls", "cert.pem"), filepath.Join(dir, "tls", "key.pem")); err != nil {
			t.Fatal(err)
		}
		if err := cert.reload(); err != nil {
			t.Fatal(err)
		}
		if resumed() {
			t.Errorf("%s: resumed across certificates", name)
		}
		if !resumed() {
			t.Errorf("%s: not resumed after that", name)
		}
	}
}

// TestManyNames: ten thousand names that clients ask for (SNI) cost nothing that
// stays: there is one certificate, whatever they say.
func TestManyNames(t *testing.T) {
	c := Default()
	cert, err := openCertificate(&c, t.TempDir(), silent)
	if err != nil {
		t.Fatal(err)
	}
	config := cert.config("imap")
	first, err := config.GetCertificate(&tls.ClientHelloInfo{ServerName: "a.example"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		got, err := config.GetCertificate(&tls.ClientHelloInfo{ServerName: fmt.Sprintf("x%d.example", i)})
		if err != nil || got != first {
			t.Fatalf("another certificate, or %v", err)
		}
	}
	for range 20 {
		if _, err := handshake(t, config, &tls.Config{InsecureSkipVerify: true, ServerName: "nobody.example"}); err != nil {
			t.Error(err)
		}
	}
	if len(cert.configs) != 1 || len(cert.tickets) != 1 {
		t.Errorf("%d configurations and %d keys", len(cert.configs), len(cert.tickets))
	}
}
