package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwner: root does not open what belongs to another user.
func TestOwner(t *testing.T) {
	dir := t.TempDir()
	if err := checkOwner(filepath.Join(dir, "new"), 0); err != nil {
		t.Errorf("a directory that is yet to be made: %v", err)
	}
	if os.Getuid() != 0 {
		// The directory is not root's, and root is refused.
		if err := checkOwner(dir, 0); err == nil {
			t.Error("root may open it")
		}
		return
	}
	if err := checkOwner(dir, 0); err != nil {
		t.Errorf("root's own: %v", err)
	}
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := checkOwner(dir, 0); err == nil || !strings.Contains(err.Error(), "sudo -u nobody poststube") {
		t.Errorf("nobody's: %v", err)
	}
	if err := checkOwner(dir, 65534); err != nil {
		t.Errorf("its owner: %v", err)
	}
	if s, err := OpenStore(t.Context(), dir, &Config{}, silent); err == nil {
		t.Error("root opened it", s.Close())
	}
}
