package imapclient

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTLS: both ways into TLS work, with a certificate that is trusted and for
// the name that is expected, and the capabilities are those of after it began.
func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	server := &tls.Config{Certificates: web.TLS.Certificates}
	for _, tt := range []struct {
		name     string
		security Security
		config   *tls.Config
		want     string
	}{
		{"implicit", ImplicitTLS, &tls.Config{RootCAs: trusted, ServerName: "example.com"}, ""},
		{"starttls", StartTLS, &tls.Config{RootCAs: trusted, ServerName: "example.com"}, ""},
		{"not trusted", ImplicitTLS, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "example.com"}, "certificate"},
		{"another name", StartTLS, &tls.Config{RootCAs: trusted, ServerName: "imap.example.org"}, "certificate"},
		{"no configuration", ImplicitTLS, nil, "without a configuration"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				serveTLS(conn, server, tt.security)
			}()
			c, err := Dial(t.Context(), l.Addr().String(), Options{Security: tt.security, TLS: tt.config})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if !c.Has("INSIDE") || c.Has("OUTSIDE") {
					t.Errorf("capabilities %v", c.caps)
				}
				if err := c.Login("anna", "secret", ""); err != nil {
					t.Error(err)
				}
				if err := c.Logout(); err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, wanted %q", err, tt.want)
			}
			l.Close()
			<-ended
		})
	}
}

// serveTLS answers OK to everything, and tells what it can where it is asked.
func serveTLS(conn net.Conn, config *tls.Config, security Security) {
	inside := security == ImplicitTLS
	if inside {
		conn = tls.Server(conn, config)
	}
	fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 OUTSIDE] hello\r\n")
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		tag, command, _ := strings.Cut(lines.Text(), " ")
		if command == "CAPABILITY" {
			fmt.Fprintf(conn, "* CAPABILITY IMAP4rev1 %s\r\n", map[bool]string{true: "INSIDE", false: "OUTSIDE"}[inside])
		}
		fmt.Fprintf(conn, "%s OK\r\n", tag)
		if command == "STARTTLS" {
			inside = true
			conn = tls.Server(conn, config)
			lines = bufio.NewScanner(conn)
		}
	}
}
