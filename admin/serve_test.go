package admin

import (
	"log/slog"
	"net"
	"path/filepath"
	"testing"
)

// TestServeClosed: whoever closes the listener ends Serve in order. A server
// that stops closes its listeners first.
func TestServeClosed(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- Serve(t.Context(), l, &Local{}, slog.New(slog.DiscardHandler)) }()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}
