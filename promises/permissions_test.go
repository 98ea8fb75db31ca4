package promises

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPermissions: whatever the program leaves in its data directory, and has there
// while it runs, and in a backup, is for its owner alone, also where the umask would
// allow more.
func TestPermissions(t *testing.T) {
	bin, dir := buildProgram(t), filepath.Join(shortDir(t), "data")
	old := syscall.Umask(0) // inherited by the program
	defer syscall.Umask(old)
	if err := command(bin, dir, "secret\n", "user", "add", "anna", "--password-stdin"); err != nil {
		t.Fatal(err)
	}
	p, err := start(bin, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer p.cmd.Process.Kill() // if the test fails
	conn, err := net.Dial("tcp", p.addrs["imap"])
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWire(conn)
	if err != nil {
		t.Fatal(err)
	}
	small, large := "A: b\r\n\r\nx\r\n", "A: b\r\n\r\n"+strings.Repeat("x", 200_000) // a record, and a file
	for _, c := range []string{"LOGIN anna secret", "APPEND INBOX " + literalOf(small), "APPEND INBOX " + literalOf(large)} {
		if _, _, err := w.must("%s", c); err != nil {
			t.Fatal(err)
		}
	}
	looked := 0
	look := func(dir, when string) {
		t.Helper()
		before := looked
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			looked++
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: %s is %v", when, path, info.Mode())
			}
			return nil
		})
		if err != nil || looked-before < 8 {
			t.Errorf("%s: %d files, %v", when, looked-before, err)
		}
	}
	look(dir, "while it runs")
	backup := filepath.Join(filepath.Dir(dir), "backup")
	if err := command(bin, dir, "", "backup", backup); err != nil {
		t.Fatal(err)
	}
	look(backup, "a backup")
	conn.Close()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	look(dir, "after it")
	if info, err := os.Stat(filepath.Join(dir, "tls", "key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
	tried(t, "%d files and directories", looked)
}
