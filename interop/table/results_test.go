package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const events = `{"Action":"run","Test":"TestClients"}
{"Action":"run","Test":"TestClients/curl"}
{"Action":"attr","Test":"TestClients/curl","Key":"version","Value":"8.1"}
{"Action":"run","Test":"TestClients/curl/list"}
{"Action":"pass","Test":"TestClients/curl/list"}
{"Action":"attr","Test":"TestClients/curl","Key":"cannot-sync","Value":"keeps nothing"}
{"Action":"attr","Test":"TestClients/curl","Key":"cannot-share","Value":"keeps nothing"}
{"Action":"pass","Test":"TestClients/curl"}
{"Action":"run","Test":"TestClients/mutt"}
{"Action":"attr","Test":"TestClients/mutt","Key":"version","Value":"2.2"}
{"Action":"output","Test":"TestClients/mutt/list","Output":"want to see INBOX\n"}
{"Action":"fail","Test":"TestClients/mutt/list"}
{"Action":"pass","Test":"TestClients/mutt/sync"}
{"Action":"fail","Test":"TestClients/mutt"}
{"Action":"run","Test":"TestClients/pine"}
{"Action":"fail","Test":"TestClients/pine"}
{"Action":"fail"}
`

func TestTable(t *testing.T) {
	var log strings.Builder
	got, err := read(strings.NewReader(events), &log)
	if err != nil {
		t.Fatal(err)
	}
	want := `| program | version | list | sync | share |
|---|---|---|---|---|
| curl | 8.1 | ✓ |  |  |
| mutt | 2.2 | **fail** | ✓ | ? |
| pine |  | ? | ? | ? | could not be run |

Where a cell is empty the program has no such thing:

- curl keeps nothing (sync, share)
`
	if string(got.markdown()) != want {
		t.Errorf("got\n%s\nwant\n%s", got.markdown(), want)
	}
	if !strings.Contains(log.String(), "want to see INBOX") {
		t.Errorf("the failure is not told: %q", log.String())
	}
	if _, err := read(strings.NewReader("no JSON"), io.Discard); err == nil {
		t.Error("read took what is no event")
	}
}

func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	for _, old := range []string{"", "| old |\n"} {
		if err := os.WriteFile(file, []byte("# Title\n"+begin+old+end+"more\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := replace(file, []byte("| new |\n")); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(file); err != nil || string(b) != "# Title\n"+begin+"| new |\n"+end+"more\n" {
			t.Errorf("got %q, %v", b, err)
		}
	}
	if err := os.WriteFile(file, []byte("# Title\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replace(file, nil); err == nil {
		t.Error("a page without a place for the table was taken")
	}
}
