package pebblekv_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/kv"
	"poststube/kv/pebblekv"
)

// holdEnv makes the test program open the store named in it and wait.
const holdEnv = "POSTSTUBE_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdEnv); dir != "" {
		os.Exit(holdStore(dir))
	}
	os.Exit(m.Run())
}

func holdStore(dir string) int {
	db, err := pebblekv.Open(dir, pebblekv.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if err := db.Close(); err != nil {
		return 1
	}
	return 0
}

func TestSecondOpenInProcess(t *testing.T) {
	for _, fs := range []vfs.FS{nil, vfs.NewMem()} {
		dir := "kv"
		if fs == nil {
			dir = t.TempDir()
		}
		db, err := pebblekv.Open(dir, pebblekv.Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		wantInUse(t, dir, fs, os.Getpid())
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if db, err = pebblekv.Open(dir, pebblekv.Options{FS: fs}); err != nil {
			t.Fatalf("opening after Close: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func wantInUse(t *testing.T, dir string, fs vfs.FS, pid int) {
	t.Helper()
	_, err := pebblekv.Open(dir, pebblekv.Options{FS: fs})
	var inUse *pebblekv.InUseError
	if !errors.As(err, &inUse) || inUse.PID != pid {
		t.Fatalf("second Open: %v, want an InUseError with process %d", err, pid)
	}
	if want := fmt.Sprintf("%s is in use by process %d", dir, pid); !strings.Contains(err.Error(), want) {
		t.Errorf("second Open says %q, want %q in it", err, want)
	}
}

func TestSecondOpenInAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), holdEnv+"="+dir)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	wantInUse(t, dir, nil, other.Process.Pid)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := other.Wait(); err != nil {
		t.Fatalf("the other process: %v", err)
	}
	db, err := pebblekv.Open(dir, pebblekv.Options{})
	if err != nil {
		t.Fatalf("opening after the other process has ended: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestPrivateDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "kv")
	db, err := pebblekv.Open(dir, pebblekv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v, %v; want 0700", info.Mode(), err)
	}
}

func TestOpenFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pebblekv.Open(filepath.Join(file, "kv"), pebblekv.Options{}); err == nil {
		t.Error("a store opens beneath a file")
	}
}

// TestFormat makes raising the format on disk a decision: a newer Pebble may
// know a newer one.
func TestFormat(t *testing.T) {
	if pebble.FormatNewest != pebble.FormatValueSeparation {
		t.Errorf("Pebble's newest format is %d now; raise the format in options.go, and say so in the release notes", pebble.FormatNewest)
	}
	mem := vfs.NewMem()
	db, err := pebblekv.Open("kv", pebblekv.Options{FS: mem})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	desc, err := pebble.Peek("kv", mem)
	if err != nil || desc.FormatMajorVersion != pebble.FormatValueSeparation {
		t.Errorf("the store has format %d, %v", desc.FormatMajorVersion, err)
	}
}

func TestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	db, err := pebblekv.Open(filepath.Join(dir, "kv"), pebblekv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(n int) {
		t.Helper()
		err := db.Update(t.Context(), nil, func(tx kv.Tx) error {
			return tx.Set(fmt.Appendf(nil, "key%06d", n), bytes.Repeat([]byte("x"), 1000))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put(0)
	copied := filepath.Join(dir, "copy")
	if err := db.Checkpoint(copied); err != nil {
		t.Fatal(err)
	}
	if err := db.Checkpoint(copied); err == nil {
		t.Error("a checkpoint overwrites another")
	}
	put(1)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Checkpoint(filepath.Join(dir, "late")); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("Checkpoint of a closed store: %v", err)
	}
	for name, want := range map[string]int{"copy": 1, "kv": 2} {
		db, err := pebblekv.Open(filepath.Join(dir, name), pebblekv.Options{})
		if err != nil {
			t.Fatalf("opening %s: %v", name, err)
		}
		found := 0
		err = db.View(t.Context(), func(r kv.Reader) error {
			for range r.Scan(nil, nil) {
				found++
			}
			return nil
		})
		if err := errors.Join(err, db.Check(t.Context()), db.Close()); err != nil || found != want {
			t.Errorf("%s holds %d keys, want %d; %v", name, found, want, err)
		}
	}
}
