package server

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite docs/config.md")

// TestConfigPage fails when the documentation is older than the keys.
func TestConfigPage(t *testing.T) {
	const file = "../docs/config.md"
	page := ConfigPage()
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(old) != page {
		t.Errorf("%s is stale: go test ./server -update", file)
	}
}

// TestConfigKeys: every key has a name, a documentation, and can be set from a
// file and from the environment.
func TestConfigKeys(t *testing.T) {
	c := Default()
	seen := map[string]bool{}
	for _, k := range keys(&c) {
		if k.doc == "" || k.name == "" || strings.HasSuffix(k.name, ".") || seen[k.variable()] {
			t.Errorf("key %q is not documented, or its variable is not its own", k.name)
		}
		seen[k.variable()] = true
		if k.table {
			continue
		}
		text := map[reflect.Type]string{
			reflect.TypeFor[string](): "x/", reflect.TypeFor[[]string](): "127.0.0.1:0,unix:/x", reflect.TypeFor[int](): "150",
			reflect.TypeFor[Size](): "3 MiB", reflect.TypeFor[Duration](): "45m", reflect.TypeFor[bool](): "true", reflect.TypeFor[FileMode](): "0666",
		}[k.value.Type()]
		if k.name == "log.level" {
			text = "warn"
		}
		var got Config
		if err := setEnviron(&got, []string{k.variable() + "=" + text}); err != nil {
			t.Errorf("%s=%s: %v", k.variable(), text, err)
		}
		if reflect.DeepEqual(got, Config{}) {
			t.Errorf("%s=%s changed nothing", k.variable(), text)
		}
	}
}

func TestLoad(t *testing.T) {
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "poststube.toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	c, err := Load(write(`
host_name = "mail.example.org"
domains = ["example.org", "example.com"]
[listen]
imap = ["127.0.0.1:1143", "unix:/run/imap.sock"]
imaps = []
[limits]
message_size = "20 MiB"
idle_time = "31m"
recipients = 200
[log]
level = "debug"
`), []string{"POSTSTUBE_LIMITS_RECIPIENTS=300", "POSTSTUBE_LISTEN_LMTP=unix:/run/a.sock, unix:/run/b.sock", "POSTSTUBE_DATA=/x", "OTHER=1"})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.HostName, want.Domains = "mail.example.org", []string{"example.org", "example.com"}
	want.Listen = Listen{IMAP: []string{"127.0.0.1:1143", "unix:/run/imap.sock"}, IMAPS: []string{}, LMTP: []string{"unix:/run/a.sock", "unix:/run/b.sock"}}
	want.Limits.MessageSize, want.Limits.IdleTime, want.Limits.Recipients = 20<<20, Duration(31*time.Minute), 300
	want.Log.Level = -4
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}

	for _, tt := range []struct{ file, env, want string }{
		{"host_nam = \"x\"", "", `.toml:1: unknown key "host_nam"`},
		{"\n[limits]\nmessage_sise = \"1 MiB\"", "", `.toml:3: unknown key "limits.message_sise"`},
		{"[limits]\nmessage_size = \"much\"", "", `.toml:2: `},
		{"[limits]\nmessage_size = \"much\"", "", `"much" is not a size`},
		{"[limits]\nrecipients = \"many\"", "", `.toml:2: `},
		{"[limits]\nidle_time = \"30\"", "", `"30" is not a duration`},
		{"[limits\n", "", `.toml:1: `},
		{"[limits]\nmessage_size = \"1 KiB\"\nrecipients = 5", "", "limits.message_size: 1024 is too small, the least is 65536\nlimits.recipients: 5 is too small, the least is 100"},
		{"[listen]\nimap = [\"143\"]", "", `listen imap=143: "143" is neither host:port nor unix:PATH`},
		{"[listen]\nlmtp = [\"unix:\"]", "", `the path of the socket is missing`},
		{"[tls]\nkey = \"x\"", "", `tls: certificate and key belong together`},
		{"[names]\nshared = \"Shared\"", "", `names.shared: "Shared" is not a name with "/" at its end`},
		{"[names]\nshared = \"Users/\"", "", `other_users and shared must differ`},
		{"[limits]\ncommand_messages = 999", "", `limits.command_messages: 999 is too small, the least is 1000`},
		{"[imap]\nhide = [\"outlook\"]", "", `imap.hide: "outlook" is not "CLIENT USER CAPABILITY..."`},
		{"[limits]\nstop_time = \"0s\"", "", `limits.stop_time: must be longer than 0s`},
		{"", "POSTSTUBE_LIMITS_RECIPIENTS=some", `environment variable POSTSTUBE_LIMITS_RECIPIENTS: "some" is not a number`},
		{"", "POSTSTUBE_STORAGE_CACHE=-1", `environment variable POSTSTUBE_STORAGE_CACHE: "-1" is not a size`},
	} {
		_, err := Load(write(tt.file), []string{tt.env})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q with %q: error %v, want %q", tt.file, tt.env, err, tt.want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.toml"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: error %v", err)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"0": 0, "7": 7, "7B": 7, "1kB": 1000, "1 KiB": 1024, "50mib": 50 << 20, "2 GB": 2e9, "1 GiB": 1 << 30} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q is %d, %v, want %d", text, s, err, want)
		}
		var again Size
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s {
			t.Errorf("%q is written %q, which is %d, %v", text, s, again, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5 MiB", "1 TiB", "99999999999 GiB", "1 M"} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken for %d", text, s)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for _, text := range []string{"imap=127.0.0.1:0", "IMAPS=[::1]:993", "lmtp=unix:/run/x", "lmtp=:24"} {
		if _, err := ParseAddress(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "imap", "pop3=:110", "imap=", "imap=host", "imap=host:", "imap=unix:"} {
		if a, err := ParseAddress(text); err == nil {
			t.Errorf("%q was taken for %v", text, a)
		}
	}
}

// FuzzLoad: no file makes the reader fail otherwise than with an error.
func FuzzLoad(f *testing.F) {
	f.Add("[limits]\nmessage_size = \"20 MiB\"\n")
	f.Add("domains = [\"x\"]\n[log]\nlevel = \"debug\"")
	f.Fuzz(func(t *testing.T, text string) {
		c := Default()
		if err := parse([]byte(text), &c); err == nil {
			_ = c.Check() // any answer will do; a panic will not
		}
	})
}
