package server

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var silent = slog.New(slog.DiscardHandler)

// serial makes a TLS connection and returns the serial number of the
// certificate, or the error.
func serial(t *testing.T, server, client *tls.Config) (string, error) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	// The client's side tells what happened.
	go func() { _ = tls.Server(a, server).Handshake() }()
	c := tls.Client(b, client)
	if err := c.Handshake(); err != nil {
		return "", err
	}
	return c.ConnectionState().PeerCertificates[0].SerialNumber.String(), nil
}

func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	c := Default()
	c.HostName = "mail.example.org"
	cert, err := openCertificate(&c, dir, silent)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "tls", "key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	leaf, err := x509.ParseCertificate(cert.pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	config := cert.config("imap")
	for _, name := range []string{"mail.example.org", "localhost", "127.0.0.1", "::1"} {
		if _, err := serial(t, config, &tls.Config{ServerName: name, RootCAs: roots}); err != nil {
			t.Errorf("as %s: %v", name, err)
		}
	}
	insecure := func(change func(*tls.Config)) *tls.Config {
		c := &tls.Config{InsecureSkipVerify: true}
		change(c)
		return c
	}
	for name, client := range map[string]*tls.Config{
		"TLS 1.1":      insecure(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }),
		"a web client": insecure(func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }),
		"without forward secret": insecure(func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		}),
	} {
		if _, err := serial(t, config, client); err == nil {
			t.Errorf("%s was let in", name)
		}
	}

	// A second start finds the same one.
	again, err := openCertificate(&c, dir, silent)
	if err != nil {
		t.Fatal(err)
	}
	first, err := serial(t, config, insecure(func(*tls.Config) {}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := serial(t, again.config("imap"), insecure(func(*tls.Config) {})); err != nil || got != first {
		t.Errorf("after a restart the certificate is %s, %v, want %s", got, err, first)
	}

	// Files that change are read again; broken ones leave the old pair in use.
	ask := func() string {
		t.Helper()
		cert.checked = time.Time{} // as if checkEvery had passed
		got, err := serial(t, config, insecure(func(*tls.Config) {}))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if err := os.WriteFile(cert.keyFile, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != first {
		t.Errorf("with a broken key the certificate is %s, want %s", got, first)
	}
	if err := selfSign("mail.example.org", cert.certFile, cert.keyFile); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got == first {
		t.Error("a new certificate is not used")
	}

	c.TLS = TLS{Certificate: filepath.Join(dir, "none.pem"), Key: filepath.Join(dir, "none.key")}
	if _, err := openCertificate(&c, dir, silent); err == nil {
		t.Error("a configured certificate that is not there was accepted")
	}
}
