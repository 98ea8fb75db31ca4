package server

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestReload(t *testing.T) {
	dir := shortDir(t)
	s := start(t, dir, nil)
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	insecure := &tls.Config{InsecureSkipVerify: true}
	first, err := serial(t, s.certificate.config("imap"), insecure)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := filepath.Join(dir, "tls", "cert.pem"), filepath.Join(dir, "tls", "key.pem")
	if err := selfSign("mx.example.org", cert, key); err != nil {
		t.Fatal(err)
	}
	c := s.config
	c.Retention.Deleted = Duration(time.Hour)
	c.Limits.Recipients++
	c.Listen.IMAP = append([]string{"127.0.0.1:1"}, c.Listen.IMAP...)
	restart, err := s.Reload(c)
	if err != nil || fmt.Sprint(restart) != "[listen.imap limits.recipients]" {
		t.Errorf("need a restart: %v, %v", restart, err)
	}
	if s.retention() != c.Retention {
		t.Errorf("retention is %+v", s.retention())
	}
	second, err := serial(t, s.certificate.config("imap"), insecure)
	if err != nil || second == first {
		t.Errorf("the new certificate is not used: %v", err)
	}
	if err := os.WriteFile(key, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Reload(s.config); err == nil {
		t.Error("a broken key is no error")
	}
	if again, err := serial(t, s.certificate.config("imap"), insecure); err != nil || again != second {
		t.Errorf("after a broken key the certificate is %s, %v", again, err)
	}
}

func TestNotifySupervisor(t *testing.T) {
	path := filepath.Join(shortDir(t), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := NotifySupervisor(path, "READY=1"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	if n, err := l.Read(b); err != nil || string(b[:n]) != "READY=1" {
		t.Errorf("heard %q, %v", b[:n], err)
	}
	if err := NotifySupervisor("", "READY=1"); err != nil {
		t.Error(err)
	}
	if err := NotifySupervisor(path+"x", "READY=1"); err == nil {
		t.Error("nobody listens, and that is no error")
	}
}
