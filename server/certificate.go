package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A certificate is a key pair in two files, read again when they change, so that
// what renews it need not tell the server.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   [2]time.Time // of the files that pair was read from
	checked time.Time

	configs []*tls.Config // that show this certificate
	tickets [][32]byte    // keys of their session tickets, the newest first
	newest  time.Time     // of tickets
}

// Keys of session tickets change daily, so that a key that is stolen opens the
// sessions of few days, and with the certificate, so that what resumes a session
// has seen the present one.
const (
	ticketTime = 24 * time.Hour
	ticketKeys = 3
)

// checkEvery is how often handshakes look at the files.
const checkEvery = 10 * time.Second

// openCertificate reads the configured key pair, or the self-signed one in dir,
// which it makes if there is none.
func openCertificate(c *Config, dir string, log *slog.Logger) (*certificate, error) {
	cert := &certificate{certFile: c.TLS.Certificate, keyFile: c.TLS.Key, log: log}
	if cert.certFile == "" {
		cert.certFile, cert.keyFile = filepath.Join(dir, "tls", "cert.pem"), filepath.Join(dir, "tls", "key.pem")
		if _, err := os.Stat(cert.certFile); errors.Is(err, fs.ErrNotExist) {
			if err := selfSign(c.hostName(), cert.certFile, cert.keyFile); err != nil {
				return nil, fmt.Errorf("making a certificate: %w", err)
			}
			log.Info("self-signed certificate made", "file", cert.certFile, "host", c.hostName())
		}
	}
	return cert, cert.load()
}

// load reads the files.
func (c *certificate) load() error {
	stamp, err := c.stamps()
	if err != nil {
		return refuseAccess(fmt.Errorf("the certificate cannot be read, see tls.certificate and tls.key: %w", err))
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return refuseAccess(fmt.Errorf("the certificate in %s and the key in %s cannot be used together: %w", c.certFile, c.keyFile, err))
	}
	c.pair, c.stamp = &pair, stamp
	c.tickets = nil
	c.rotate(time.Now())
	return nil
}

// rotate makes a new key for session tickets.
func (c *certificate) rotate(now time.Time) {
	var key [32]byte
	rand.Read(key[:]) // never fails
	c.tickets = append([][32]byte{key}, c.tickets[:min(len(c.tickets), ticketKeys-1)]...)
	c.newest = now
	for _, config := range c.configs {
		config.SetSessionTicketKeys(c.tickets)
	}
}

func (c *certificate) stamps() (stamp [2]time.Time, err error) {
	for i, name := range [...]string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return stamp, err
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}

// reload reads the files at once.
func (c *certificate) reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.load()
}

// get is tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.checked) >= checkEvery {
		c.checked = now
		if now.Sub(c.newest) >= ticketTime {
			c.rotate(now)
		}
		if stamp, err := c.stamps(); err != nil || stamp != c.stamp {
			if err == nil {
				err = c.load()
			}
			if err != nil { // half written, or not readable: the old one still serves
				c.log.Error("certificate not reloaded", "err", err)
			} else {
				c.log.Info("certificate reloaded", "file", c.certFile)
			}
		}
	}
	return c.pair, nil
}

// config returns the settings for one protocol, named as in RFC 7301: Mozilla's
// intermediate level, TLS 1.2 with forward secrecy and AEAD, and TLS 1.3. A
// client that wants another protocol is refused, so that nobody can be led from
// a web page into a mail server (ALPACA).
func (c *certificate) config(alpn string) *tls.Config {
	config := &tls.Config{
		GetCertificate: c.get,
		// Of a resumed session of TLS 1.3 GetCertificate hears nothing.
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			_, err := c.get(hello)
			return nil, err
		},
		MinVersion:       tls.VersionTLS12,
		NextProtos:       []string{alpn},
		CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384},
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	config.SetSessionTicketKeys(c.tickets)
	c.configs = append(c.configs, config)
	return config
}

// selfSign makes a certificate for host and for this machine's own names.
func selfSign(host, certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: host},
		NotBefore:    now.Add(-time.Hour), // other clocks
		NotAfter:     now.AddDate(10, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{host},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if host != "localhost" {
		template.DNSNames = append(template.DNSNames, "localhost")
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(certFile), 0o700); err != nil {
		return err
	}
	// The certificate last: its presence says that both are there.
	if err := writePEM(keyFile, "PRIVATE KEY", keyDER, 0o600); err != nil {
		return err
	}
	return writePEM(certFile, "CERTIFICATE", der, 0o600)
}

func writePEM(name, kind string, der []byte, mode fs.FileMode) error {
	temp := name + ".new"
	if err := os.WriteFile(temp, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return err
	}
	return os.Rename(temp, name)
}
