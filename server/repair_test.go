package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"poststube/admin"
)

// damaged lets the store in dir check itself and returns what it has to say; an
// error of opening it is a fault too.
func damaged(t *testing.T, dir string) (faults []string) {
	t.Helper()
	c := testStoreConfig()
	s, err := OpenStore(t.Context(), dir, &c, silent)
	if err != nil {
		return []string{err.Error()}
	}
	_, err = s.Admin().Check(t.Context(), admin.CheckOptions{Bodies: true}, func(p admin.Problem) error {
		faults = append(faults, p.Text)
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		faults = append(faults, err.Error())
	}
	return faults
}

// furnished makes a store with small and large mail, all of it in tables.
func furnished(t *testing.T, dir string) {
	t.Helper()
	s := openTest(t, dir)
	if _, err := s.Directory.AddPerson(t.Context(), "anna", "secret"); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		put(t, s, fmt.Sprint("small ", i), 100)
	}
	put(t, s, "large", 100<<10)
	put(t, s, "larger", 200<<10)
	// A checkpoint has its log written out to tables; what is in the log of a
	// store that was closed in order is in them at the next start.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openTest(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
}

// copyDir copies a data directory.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// TestDamagedStore damages one file of a data directory after the other: an octet
// is changed, the file is cut, the file is gone. Each time verify names a fault or
// the store says why it cannot be opened. It never panics.
//
// Left out are files that hold nothing: locks, the settings that Pebble notes for
// people, a manifest that another has replaced. So are the write-ahead log and the
// end of the manifest, where what is damaged cannot be told from what a crash has
// kept from being written.
func TestDamagedStore(t *testing.T) {
	good := filepath.Join(t.TempDir(), "data")
	furnished(t, good)
	if f := damaged(t, good); len(f) > 0 {
		t.Fatalf("undamaged: %v", f)
	}
	if err := openTest(t, good).Close(); err != nil {
		t.Fatal(err)
	}
	tried := 0
	current := ""
	if markers, err := filepath.Glob(filepath.Join(good, "kv", "marker.manifest.*")); err != nil || len(markers) != 1 {
		t.Fatalf("markers of the manifest: %v, %v", markers, err)
	} else {
		current = strings.TrimPrefix(filepath.Ext(markers[0]), ".")
	}
	err := filepath.WalkDir(good, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, base := strings.TrimPrefix(path, good+"/"), d.Name()
		if base == "LOCK" || base == "holder" || base == "ids" || strings.HasPrefix(base, "OPTIONS-") || strings.HasSuffix(base, ".log") ||
			strings.HasPrefix(base, "MANIFEST-") && base != current {
			return nil
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		try := func(what string, damage func(path string) error) {
			tried++
			dir := filepath.Join(t.TempDir(), "damaged")
			copyDir(t, good, dir)
			if err := damage(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			if f := damaged(t, dir); len(f) == 0 {
				t.Errorf("%s, %s: verify found nothing", name, what)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		if len(whole) > 0 {
			for i := range 4 {
				at := i * (len(whole) - 1) / 3
				if base == current {
					at = i * (len(whole) - 1) / 4
				}
				try(fmt.Sprint("octet ", at, " changed"), func(path string) error {
					b := bytes.Clone(whole)
					b[at] ^= 0x10
					return os.WriteFile(path, b, 0o600)
				})
			}
			try("cut", func(path string) error { return os.WriteFile(path, whole[:len(whole)/2], 0o600) })
		}
		if !strings.HasPrefix(base, "marker.") { // Pebble begins anew without its markers
			try("gone", os.Remove)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if tried < 20 {
		t.Errorf("only %d damages were tried", tried)
	}
	t.Logf("tried: %d damages of files", tried)
}

// TestRepairStore: what a repair takes out is in the quarantine with a report, and
// the rest of the mail is served.
func TestRepairStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	furnished(t, dir)
	large := filepath.Join(dir, "blob", "0000000000000", "0000000000000001")
	if err := os.Remove(large); err != nil {
		t.Fatal(err)
	}
	if f := damaged(t, dir); len(f) == 0 {
		t.Fatal("verify found nothing")
	}
	s := openTest(t, dir)
	var done []string
	aside, err := s.Repair(context.Background(), func(p admin.Problem) { done = append(done, p.Owner+": "+p.Text) })
	if err != nil {
		t.Fatal(err)
	}
	report, err := os.ReadFile(filepath.Join(aside, "report.jsonl"))
	if err != nil || !strings.Contains(string(report), "has lost its octets and is gone") {
		t.Errorf("the report is %s, %v", report, err)
	}
	if lost, err := filepath.Glob(filepath.Join(aside, "lost-*")); err != nil || len(lost) != 1 {
		t.Errorf("kept of the lost message is %v, %v", lost, err)
	}
	text := contents(t, s)
	for i := range 40 {
		if !strings.Contains(text, fmt.Sprintf("Subject: small %d\r\n", i)) {
			t.Errorf("message %d is lost; repair did %v", i, done)
		}
	}
	if !strings.Contains(text, "Subject: larger\r\n") || strings.Contains(text, "Subject: large\r\n") {
		t.Error("the wrong large message is gone")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if f := damaged(t, dir); len(f) > 0 {
		t.Errorf("after the repair: %v", f)
	}
}
