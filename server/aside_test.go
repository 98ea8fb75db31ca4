package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"poststube/admin"
)

// TestOpenAside: the copy shows what was saved, and goes; a damaged backup is
// refused and leaves nothing; the backup stays as it is.
func TestOpenAside(t *testing.T) {
	work := t.TempDir()
	data, saved := filepath.Join(work, "data"), filepath.Join(work, "saved")
	s := openTest(t, data)
	defer s.Close()
	if _, err := s.Directory.AddPerson(t.Context(), "anna", "secret"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "large", 1<<20)
	want := contents(t, s)
	done, err := s.Backup(t.Context(), admin.BackupTo{Dir: saved}, nil)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "later", 100)
	c := testStoreConfig()
	for range 2 { // the first has not changed the backup
		a, err := OpenAside(t.Context(), saved, data, &c, silent, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.Backup != done.Dir {
			t.Errorf("%s is open, want %s", a.Backup, done.Dir)
		}
		if got := contents(t, a.Store); got != want {
			t.Errorf("the copy has %d octets, want %d", len(got), len(want))
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		nothingAside(t, data)
	}
	sums, err := readSums(done.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for name := range sums {
		if err := os.WriteFile(filepath.Join(done.Dir, name), []byte("other"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenAside(t.Context(), saved, data, &c, silent, nil); err == nil || !strings.Contains(err.Error(), "is not what was saved") {
		t.Errorf("a damaged backup: %v", err)
	}
	nothingAside(t, data)
}

// TestAsideOfTheKilled: a copy that nobody holds goes when a server starts and when
// the place is claimed again; one that is held stays.
func TestAsideOfTheKilled(t *testing.T) {
	data := t.TempDir()
	left := filepath.Join(data, asideDir, "kv", "mail")
	leave := func() {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(left), 0o700), os.WriteFile(left, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	there := func() bool { _, err := os.Stat(left); return err == nil }
	leave()
	held, err := claimAside(data)
	if err != nil || there() {
		t.Fatalf("claimed: %v, what was left is there: %v", err, there())
	}
	leave()
	if _, err := claimAside(data); !errors.Is(err, errAside) {
		t.Errorf("claimed twice: %v", err)
	}
	if err := clearAside(data); err != nil || !there() {
		t.Errorf("a copy in use: %v, it is there: %v", err, there())
	}
	if err := held.lock.Close(); err != nil { // as when the process ends
		t.Fatal(err)
	}
	c := testStoreConfig()
	c.Listen = Listen{IMAP: []string{"127.0.0.1:0"}}
	s, err := Start(t.Context(), data, c, silent)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if there() {
		t.Error("a server has started, and the copy is still there")
	}
	nothingAside(t, data)
}

func nothingAside(t *testing.T, data string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(data, "aside*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}
