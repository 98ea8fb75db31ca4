package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestExitCodes: 0 is done, 1 is not done, 2 is a command line that makes no
// sense, 78 a server that a new start would not help; with -f json what is not done
// is an object, with its kind.
func TestExitCodes(t *testing.T) {
	dir := shortDir(t)
	if err := os.WriteFile(dir+"/version", []byte("no directory, no socket"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		code int
		kind string // of the object on standard error
	}{
		{"version", exitDone, ""},
		{"--help", exitDone, ""},
		{"user list --help", exitDone, ""},
		{"user list", exitFailed, ""}, // there is no mail
		{"restore nothing", exitFailed, ""},
		{"config check none.toml", exitFailed, ""},
		{"serve --config none.toml", exitConfig, ""},
		{"serve --data version/d", exitConfig, ""}, // below a file
		{"serve --listen imap=127.0.0.1:0 --listen lmtp=unix:version", exitConfig, ""},
		{"user list extra", exitUsage, ""},
		{"user", exitUsage, ""},
		{"bogus", exitUsage, ""},
		{"user list --bogus", exitUsage, ""},
		{"user list -f xml", exitUsage, ""},
		{"mailbox list", exitUsage, ""},
		{"serve --listen nonsense", exitUsage, ""},
		{"acl get Projects", exitUsage, ""},
		{"purge anna 1", exitUsage, ""},
		{"group add sales", exitDone, ""}, // begins a store
		{"user add --from users.txt -f json", exitDone, ""},
		{"user show nobody -f json", exitFailed, "not found"},
		{"group add anna -f json", exitFailed, "already exists"},
		{"undelete anna:INBOX x -f json", exitFailed, "invalid"},
		{"mailbox list -f json", exitUsage, "usage"},
		{"verify", exitDone, ""},
	} {
		if strings.HasPrefix(tt.args, "user add") {
			if err := os.WriteFile(dir+"/users.txt", []byte("anna:secret\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.Command("poststube", strings.Fields(tt.args)...)
		c.Dir = dir
		c.Env = append(os.Environ(), "LC_ALL=C", "POSTSTUBE_DATA=d", "POSTSTUBE_STORAGE_MIN_FREE=0", "POSTSTUBE_STORAGE_BALLAST=0")
		var stderr bytes.Buffer
		c.Stderr = &stderr
		err := c.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if got := c.ProcessState.ExitCode(); got != tt.code {
			t.Errorf("%s: exit code %d, want %d\n%s", tt.args, got, tt.code, stderr.String())
		}
		if (tt.code == exitDone) != (stderr.Len() == 0) {
			t.Errorf("%s: standard error %q", tt.args, stderr.String())
		}
		if tt.kind == "" {
			continue
		}
		var o struct{ Error, Kind string }
		if err := json.Unmarshal(stderr.Bytes(), &o); err != nil || o.Kind != tt.kind || o.Error == "" {
			t.Errorf("%s: %q (%v), want kind %q", tt.args, stderr.String(), err, tt.kind)
		}
	}
}
