package server

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefusal tells what a new start cannot cure from what it can.
func TestRefusal(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	held := t.TempDir()
	store := openTest(t, held)
	defer store.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		dir     string // "": a new one
		change  func(*Config)
		says    string
		refused bool
	}{
		"directory below a file": {dir: filepath.Join(file, "data"), says: "cannot be made", refused: true},
		"socket over a file":     {change: func(c *Config) { c.Listen = Listen{LMTP: []string{"unix:" + file}} }, says: "no socket", refused: true},
		"group of sockets": {change: func(c *Config) {
			c.Listen, c.Sockets.Group = Listen{LMTP: []string{"unix:" + file + ".sock"}}, "nobody-knows-it"
		}, says: "sockets.group", refused: true},
		"certificate missing": {change: func(c *Config) { c.TLS.Certificate, c.TLS.Key = file+".pem", file+".key" }, says: "certificate cannot be read", refused: true},
		"provider of tokens":  {change: func(c *Config) { c.OIDC.Issuer = "not a URL" }, says: "oidc.", refused: true},
		"directory in use":    {dir: held, says: "in use by"},
		"port in use":         {change: func(c *Config) { c.Listen = Listen{IMAP: []string{taken.Addr().String()}} }, says: "another program listens there"},
		"half a certificate":  {change: func(c *Config) { c.TLS.Certificate, c.TLS.Key = file, file }, says: "cannot be used together"},
	} {
		c := testStoreConfig()
		c.Listen = Listen{IMAP: []string{"127.0.0.1:0"}}
		if tt.change != nil {
			tt.change(&c)
		}
		dir := tt.dir
		if dir == "" {
			dir = t.TempDir()
		}
		s, err := Start(t.Context(), dir, c, silent)
		if err == nil {
			s.Stop()
			t.Errorf("%s: started", name)
			continue
		}
		var refusal *Refusal
		if errors.As(err, &refusal) != tt.refused || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: refusal is %v, want %v with %q: %v", name, refusal != nil, tt.refused, tt.says, err)
		}
	}
	if _, err := Load(filepath.Join(held, "none.toml"), nil); !errors.As(err, new(*Refusal)) {
		t.Errorf("a configuration that is not there: %v", err)
	}
}
