package moving

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"poststube/admin"
	"poststube/maildir"
)

func TestFlagsBothWays(t *testing.T) {
	for _, names := range [][]string{
		nil, {`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`}, {"$Forwarded", "work"}, {"$forwarded"},
	} {
		got := maildirFlags(exportFlags(names))
		if !slices.Equal(got, names) && len(got)+len(names) > 0 {
			t.Errorf("%q became %q", names, got)
		}
	}
	if got := maildirFlags(maildir.Flags{Forwarded: true}); !slices.Equal(got, []string{forwarded}) {
		t.Errorf("P alone: %q", got)
	}
}

// everything is what an account is, without the numbers that a new one chooses.
func everything(t *testing.T, s admin.Service, owner string) map[string][]string {
	t.Helper()
	list, err := s.Mailboxes(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, b := range list {
		err := s.Export(t.Context(), admin.MailboxName{Owner: owner, Name: b.Name}, func(m admin.Message) error {
			body, err := io.ReadAll(m.Body)
			all[b.Name] = append(all[b.Name], strings.Join([]string{m.Date.UTC().String(), strings.Join(m.Flags, " "), string(body)}, "|"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if b.Messages > 0 && b.Subscribed {
			all[b.Name] = append(all[b.Name], "subscribed")
		}
	}
	return all
}

// TestThereAndBack: what was exported and imported for somebody else is the same,
// but for names that Maildir++ does not have.
func TestThereAndBack(t *testing.T) {
	s := newService(t)
	for _, name := range []string{"INBOX", "Work/Bücher", "a.b", "a_b"} {
		src := &made{folders: []Folder{{Name: name, Subscribed: name != "a_b"}}, contents: map[string]*Contents{name: {Messages: letters(1, 2, 5)}}}
		if _, err := Import(t.Context(), s, src, Options{Owner: "anna"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.SetACL(t.Context(), admin.ACLChange{Place: admin.Place{Owner: "anna", Path: "Work/Bücher"}, Identifier: "group:sales", Rights: "lrs", Quiet: true}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	seen := 0
	report, err := ExportMaildir(t.Context(), s, "anna", dir, func(done, total int) { seen = total - done })
	if err != nil || report.Messages != 12 || seen != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Text, "the folder is called .a_b") {
		t.Errorf("problems %+v", report.Problems)
	}
	src, err := OpenMaildir(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Import(t.Context(), s, src, Options{Owner: "ben"})
	if err != nil || r.Messages != 12 || len(src.Problems()) > 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	want, got := everything(t, s, "anna"), everything(t, s, "ben")
	want["a_b_2"] = want["a_b"]
	want["a_b"] = want["a.b"]
	delete(want, "a.b")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	acl, err := s.ACL(t.Context(), admin.Place{Owner: "ben", Path: "Work/Bücher"})
	if err != nil || !slices.ContainsFunc(acl, func(e admin.ACLEntry) bool { return e.Identifier == "group:sales" && e.Rights == "lrs" }) {
		t.Errorf("rights %+v, %v", acl, err)
	}
	if _, err := ExportMaildir(t.Context(), s, "anna", dir, nil); err == nil {
		t.Error("an export went into a directory that is not empty")
	}
}

// TestUnreadableFiles: each is reported, and costs nothing but itself.
func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"cur/1.a": "Subject: x\n", "cur/2.empty": "", "cur/3.zstd": "\x28\xb5\x2f\xfd", "cur/4.gz": "\x1f\x8b\x08broken", "new/5.b": "Subject: y\n"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	src, err := OpenMaildir(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Import(t.Context(), newService(t), src, Options{Owner: "anna"})
	if err != nil || r.Messages != 2 || len(r.Problems) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, want := range []string{"2.empty: the file is empty", "3.zstd: ", "4.gz: "} {
		if !strings.Contains(problems(r), want) {
			t.Errorf("%q is not reported:\n%s", want, problems(r))
		}
	}
}
