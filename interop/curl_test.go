package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// curl returns a curl command for a user and a path of the server.
func (n *node) curl(path string, args ...string) *exec.Cmd {
	n.t.Helper()
	program := need(n.t, "curl", "curl")
	return exec.Command(program, append([]string{"-sS", "--max-time", "60", "-u", "anna:secret", "imap://" + n.addr + "/" + path}, args...)...)
}

// folderFields and quotedFrom are what belongs to an mbox and not to the message.
var (
	folderFields = regexp.MustCompile(`(?im)^(status|x-status|x-keywords)[ \t]*:.*\n([ \t].*\n)*`)
	quotedFrom   = regexp.MustCompile(`(?m)^>(>*From )`)
)

// asServed is what a message of a file must be when a client fetches it, by
// other means than package mbox: LF has become CRLF; of an mbox the "From "
// line, the last empty line, the quoting and the folder's fields are gone.
func asServed(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	if strings.HasPrefix(text, "From ") {
		_, text, _ = strings.Cut(text, "\n")
		text = strings.TrimSuffix(text, "\n")
		if !strings.HasSuffix(text, "\n") { // there was no empty line at the end
			text += "\n"
		}
		header, body, found := strings.Cut(text, "\n\n")
		header = strings.TrimSuffix(folderFields.ReplaceAllString(header+"\n", ""), "\n")
		if text = header; found {
			text += "\n\n" + body
		}
		text = quotedFrom.ReplaceAllString(text, "$1")
	}
	return strings.ReplaceAll(text, "\n", "\r\n")
}

// TestCurl: real mail is imported and fetched by curl, every octet of it; then
// curl uploads, lists and searches.
func TestCurl(t *testing.T) {
	need(t, "curl", "curl")
	n := startNode(t)
	files := realMail(t)
	n.importFiles("INBOX", files)

	dir := t.TempDir()
	output(t, n.curl(fmt.Sprintf("INBOX;UID=[1-%d]", len(files)), "-o", filepath.Join(dir, "#1")))
	different := 0
	for i, file := range files {
		got, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i+1)))
		if err != nil {
			t.Fatal(err)
		}
		if want := asServed(t, file); string(got) != want {
			if different++; different < 5 {
				t.Errorf("UID %d (%s): %d octets, want %d", i+1, filepath.Base(file), len(got), len(want))
			}
		}
	}
	if different > 0 {
		t.Errorf("%d of %d messages differ", different, len(files))
	}

	up := filepath.Join(dir, "up")
	if err := os.WriteFile(up, []byte("Subject: by curl\r\n\r\nhello\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	output(t, n.curl("Drafts", "-T", up))
	if got := output(t, n.curl("Drafts;UID=1")); got != "Subject: by curl\r\n\r\nhello\r\n" {
		t.Errorf("the upload came back as %q", got)
	}
	if got := output(t, n.curl("")); !strings.Contains(got, `* LIST (\HasNoChildren \Drafts) "/" Drafts`) {
		t.Errorf("curl lists\n%s", got)
	}
	if got := output(t, n.curl("Drafts?SUBJECT%20curl")); !strings.HasPrefix(got, "* SEARCH 1") {
		t.Errorf("curl finds %q", got)
	}
}

// importFiles imports files by the command line.
func (n *node) importFiles(mailbox string, files []string) {
	n.t.Helper()
	out := n.run("", append([]string{"import", "mbox", "-u", "anna", "-m", mailbox, "-f", "json"}, files...)...)
	if !strings.Contains(out, fmt.Sprintf(`"messages": %d,`, len(files))) {
		n.t.Fatalf("the import of %d files says\n%s", len(files), out)
	}
	n.t.Log(strings.Join(strings.Fields(out), " "))
}
