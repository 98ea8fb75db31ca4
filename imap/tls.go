package imap

import (
	"crypto/tls"
	"crypto/x509"
)

// bindable returns a configuration that is config, and tells each session which
// certificate its client was shown. Go's ConnectionState does not have that, and
// SCRAM needs it for the channel binding tls-server-end-point (RFC 5929 section 4).
//
// A resumed session shows none. It counts as if it had shown the present one,
// which holds if tickets end with the certificate, as those of package server do.
func (srv *Server) bindable(config *tls.Config) *tls.Config {
	if b, ok := srv.tlsConfigs.Load(config); ok {
		return b.(*tls.Config)
	}
	// The keys of session tickets belong to the outer configuration, if config has
	// none of its own; so there must be one outer for each.
	b, _ := srv.tlsConfigs.LoadOrStore(config, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if s, ok := hello.Conn.(*stream); ok {
			s.certificate = certificateFor(config, hello)
		}
		if config.GetConfigForClient != nil {
			if c, err := config.GetConfigForClient(hello); c != nil || err != nil {
				return c, err
			}
		}
		return config, nil
	}})
	return b.(*tls.Config)
}

// certificateFor returns the leaf that Go shows to a client, or nil.
func certificateFor(config *tls.Config, hello *tls.ClientHelloInfo) *x509.Certificate {
	var pair *tls.Certificate
	if config.GetCertificate != nil {
		pair, _ = config.GetCertificate(hello) // an error fails the handshake by itself
	}
	for i := range config.Certificates {
		if pair == nil && (len(config.Certificates) == 1 || hello.SupportsCertificate(&config.Certificates[i]) == nil) {
			pair = &config.Certificates[i]
		}
	}
	switch {
	case pair == nil || len(pair.Certificate) == 0:
		return nil
	case pair.Leaf != nil:
		return pair.Leaf
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil
	}
	return leaf
}
