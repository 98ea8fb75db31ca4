package directory

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
)

// canBind tells whether a connection can be bound to its TLS channel. Only
// tls-exporter is asked: every channel that can export a key offers it, and a
// mechanism must not be offered to clients that know nothing newer than
// tls-unique while TLS 1.3 has no such thing.
func canBind(ch Channel) bool {
	return ch.TLS != nil && bindingData("tls-exporter", ch) != nil
}

// bindingData returns the data of a channel binding type for a connection, or
// nil if it does not have the type.
func bindingData(kind string, ch Channel) []byte {
	if ch.TLS == nil {
		return nil
	}
	switch kind {
	case "tls-exporter":
		return exporter(ch.TLS)
	case "tls-server-end-point":
		return endPoint(ch.Certificate)
	case "tls-unique":
		// Only TLS 1.2 and older have one (RFC 9266 section 3); Go leaves it
		// out where a resumed session would make it unsafe.
		return ch.TLS.TLSUnique
	}
	return nil
}

// exporter is RFC 9266 section 2. The context is empty but present, which
// makes a difference in TLS 1.2. Go refuses TLS 1.2 without extended master
// secret, as section 4.2 demands.
func exporter(state *tls.ConnectionState) []byte {
	data, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", []byte{}, 32)
	if err != nil {
		return nil
	}
	return data
}

// endPoint is RFC 5929 section 4.1: the hash of the certificate under the hash
// of its signature, SHA-256 in place of MD5 and SHA-1. It is undefined for
// signatures that have no hash of their own (Ed25519).
func endPoint(cert *x509.Certificate) []byte {
	if cert == nil {
		return nil
	}
	var h crypto.Hash
	switch cert.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256:
		h = crypto.SHA256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		h = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		h = crypto.SHA512
	default:
		return nil
	}
	digest := h.New()
	digest.Write(cert.Raw)
	return digest.Sum(nil)
}
