package maildir

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func file(text string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(text), ModTime: time.Unix(1000000000, 0)}
}

func dir() *fstest.MapFile { return &fstest.MapFile{Mode: fs.ModeDir | 0o700} }

// dovecotTree is what Dovecot 2.3 leaves, with everything that is read.
func dovecotTree() fstest.MapFS {
	return fstest.MapFS{
		"cur/1100.M1P1.host,S=10,W=12:2,FSab": file("Subject: a\n\na\n"),
		"cur/1200.M1P1.host:2,":               file("Subject: b\r\n\r\nb\r\n"),
		"new/1300.M1P1.host":                  file("Subject: c\n\nc"),
		"cur/.hidden":                         file(""),
		"tmp/1400.M1P1.host":                  file("half"),
		"dovecot-keywords":                    file("0 $Junk\n1 later\n27 beyond\n"),
		"dovecot-uidlist":                     file("3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1\n7 :1200.M1P1.host:2,S\n9 W12 :1100.M1P1.host,S=10,W=12\n"),
		"subscriptions":                       file("V\t2\n\nINBOX\nArchive\t2025\nGone\n"),
		".Archive.2025/cur":                   dir(),
		".Archive.2025/dovecot-acl":           file("user=ben lrs\n\"group=two words\" lr:named\n# not\n-anyone i\n"),
		".Archive.2025/dovecot-uidlist":       file("1 77 3\n2 5.x\n"),
		".Archive.2025/cur/5.x:2,DPRT":        file("x"),
		".notmail/file":                       file(""),
	}
}

func TestDovecot(t *testing.T) {
	tree, err := Open(dovecotTree())
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Problems) > 0 || len(tree.Folders) != 2 {
		t.Fatalf("%d folders, problems: %v", len(tree.Folders), tree.Problems)
	}
	if want := []string{"INBOX", "Archive/2025", "Gone"}; !slices.Equal(tree.Subscriptions, want) {
		t.Errorf("subscriptions %q", tree.Subscriptions)
	}
	in := tree.Folders[0]
	list, err := in.Load()
	if err != nil || len(in.Problems) > 0 {
		t.Fatal(err, in.Problems)
	}
	want := []Message{
		{Base: "1200.M1P1.host", UID: 7, file: "cur/1200.M1P1.host:2,"},
		{Base: "1100.M1P1.host,S=10,W=12", UID: 9, file: "cur/1100.M1P1.host,S=10,W=12:2,FSab", Flags: Flags{Seen: true, Flagged: true, Keywords: []string{"$Junk", "later"}}},
		{Base: "1300.M1P1.host", file: "new/1300.M1P1.host"},
	}
	if d := cmp.Diff(want, list, cmp.AllowUnexported(Message{})); d != "" {
		t.Error(d)
	}
	if in.UIDValidity != 1275660208 || in.UIDNext != 25022 {
		t.Errorf("UIDVALIDITY %d, UIDNEXT %d", in.UIDValidity, in.UIDNext)
	}
	for i, want := range []string{"Subject: b\r\n\r\nb\r\n", "Subject: a\r\n\r\na\r\n", "Subject: c\r\n\r\nc"} {
		f, err := in.Open(list[i])
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(iotest.OneByteReader(f))
		if err != nil || string(got) != want || f.Date.Unix() != 1000000000 {
			t.Errorf("message %d: %q, %v, %v", i, got, f.Date, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	sub := tree.Folders[1]
	list, err = sub.Load()
	if err != nil || sub.UIDValidity != 77 || sub.UIDNext != 3 || len(list) != 1 || list[0].UID != 2 {
		t.Fatalf("%+v %+v %v", sub, list, err)
	}
	if want := (Flags{Draft: true, Forwarded: true, Answered: true, Deleted: true}); !cmp.Equal(list[0].Flags, want) {
		t.Errorf("flags %+v", list[0].Flags)
	}
	acl, err := sub.ACL()
	if want := []ACLEntry{{"user=ben", "lrs"}, {"group=two words", "lr"}, {"-anyone", "i"}}; err != nil || !slices.Equal(acl, want) {
		t.Errorf("rights %v, %v", acl, err)
	}
}

func TestForms(t *testing.T) {
	for _, tt := range []struct {
		name string
		fs   fstest.MapFS
		want []string // folders
		subs []string
	}{
		{"one", fstest.MapFS{"cur": dir()}, []string{""}, nil},
		{"nested", fstest.MapFS{"INBOX/cur": dir(), "A.b/cur": dir(), "A.b/C/cur": dir(), "D/E/cur": dir(), "subscriptions": file("A.b/C\n")},
			[]string{"", "A.b", "A.b/C", "D/E"}, []string{"A.b/C"}},
		{"dotted", fstest.MapFS{"cur": dir(), ".A.B/cur": dir(), ".A/cur": dir(), "subscriptions": file("A.B\n")}, []string{"", "A", "A/B"}, []string{"A/B"}},
		{"courier", fstest.MapFS{"cur": dir(), ".Sent/cur": dir(), "courierimapsubscribed": file("INBOX.Sent\nINBOX\n")}, []string{"", "Sent"}, []string{"Sent"}},
	} {
		tree, err := Open(tt.fs)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, f := range tree.Folders {
			got = append(got, strings.Join(f.Path, "/"))
		}
		if !slices.Equal(got, tt.want) || !slices.Equal(tree.Subscriptions, tt.subs) || len(tree.Problems) > 0 {
			t.Errorf("%s: folders %q, subscriptions %q, problems %v", tt.name, got, tree.Subscriptions, tree.Problems)
		}
	}
	if _, err := Open(fstest.MapFS{"a/b": file("")}); !errors.Is(err, ErrNone) {
		t.Errorf("no Maildir: %v", err)
	}
	twice, err := Open(fstest.MapFS{"cur": dir(), "INBOX/cur": dir()})
	if err != nil || len(twice.Folders) != 1 || len(twice.Problems) != 1 {
		t.Errorf("two inboxes: %+v, %v", twice, err)
	}
}

// TestDamaged: a broken file beside the messages costs what it holds, never the
// messages, and is reported.
func TestDamaged(t *testing.T) {
	for _, tt := range []struct{ name, text, problem string }{
		{"dovecot-uidlist", "nonsense\n", "no UIDVALIDITY"},
		{"dovecot-uidlist", "3 Vx N1\n", `"x"`},
		{"dovecot-uidlist", "3 V5 N9\n0 :a\n", "not a UID"},
		{"dovecot-uidlist", "3 V5 N9\n7\n", "dovecot-uidlist:2"},
		{"dovecot-keywords", "a b\n", "not a number"},
		{"dovecot-keywords", strings.Repeat("x", maxBeside+1), "too long"},
	} {
		f := &Folder{fsys: fstest.MapFS{"cur/1:2,Sa": file("x"), tt.name: file(tt.text)}, dir: "."}
		list, err := f.Load()
		if err != nil || len(list) != 1 || !list[0].Flags.Seen {
			t.Errorf("%s %.20q: %v, %v", tt.name, tt.text, list, err)
		}
		if len(f.Problems) == 0 || !strings.Contains(f.Problems[0].Error(), tt.problem) {
			t.Errorf("%s %.20q: problems %v", tt.name, tt.text, f.Problems)
		}
	}
}

func TestMoved(t *testing.T) {
	tree := fstest.MapFS{"new/1.a": file("one"), "cur": dir()}
	f := &Folder{fsys: tree, dir: "."}
	list, err := f.Load()
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	tree["cur/1.a:2,S"] = tree["new/1.a"]
	delete(tree, "new/1.a")
	m, err := f.Open(list[0])
	if err != nil {
		t.Fatalf("after its flags changed: %v", err)
	}
	m.Close()
	delete(tree, "cur/1.a:2,S")
	if _, err := f.Open(list[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
}

func TestCompressed(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	io.WriteString(w, "a\nb")
	w.Close()
	f := &Folder{fsys: fstest.MapFS{"cur/1": file(z.String()), "cur/2": file("\x28\xb5\x2f\xfd...."), "cur/3": file("CRYPTED\x03\x07")}, dir: "."}
	list, err := f.Load()
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	m, err := f.Open(list[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(m); string(got) != "a\r\nb" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, m := range list[1:] {
		if _, err := f.Open(m); err == nil || !strings.Contains(err.Error(), "not read") {
			t.Errorf("%s: %v", m.Base, err)
		}
	}
}

// TestRoundTrip writes random folders and reads them back.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := t.TempDir()
		root, err := os.OpenRoot(name)
		if err != nil {
			rt.Fatal(err)
		}
		defer root.Close()
		w, err := NewWriter(root)
		if err != nil {
			rt.Fatal(err)
		}
		f, err := w.Folder([]string{"A", "B"}, 5, 1)
		if err != nil {
			rt.Fatal(err)
		}
		flag := rapid.Bool()
		var want []Flags
		var bodies []string
		for i := range rapid.IntRange(1, 8).Draw(rt, "messages") {
			fl := Flags{Seen: flag.Draw(rt, "seen"), Answered: flag.Draw(rt, "answered"), Flagged: flag.Draw(rt, "flagged"),
				Deleted: flag.Draw(rt, "deleted"), Draft: flag.Draw(rt, "draft"), Forwarded: flag.Draw(rt, "forwarded")}
			for _, k := range []string{"$Junk", "later", "Work"} {
				if flag.Draw(rt, k) {
					fl.Keywords = append(fl.Keywords, k)
				}
			}
			// Lines end in CRLF; CR and anything else may stand within.
			body := strings.Join(rapid.SliceOf(rapid.StringMatching(`[a-z\r]*[a-z]|`)).Draw(rt, "body"), "\r\n")
			if err := f.Add(uint32(i+1), fl, time.Unix(1e9, 0), iotest.HalfReader(strings.NewReader(body))); err != nil {
				rt.Fatal(err)
			}
			want, bodies = append(want, fl), append(bodies, body)
		}
		w.Subscribe([]string{"A", "B"})
		if err := errors.Join(f.Close([]ACLEntry{{"user=b c", "lr"}}), w.Close()); err != nil {
			rt.Fatal(err)
		}
		tree, err := Open(os.DirFS(name))
		if err != nil || len(tree.Folders) != 1 || !slices.Equal(tree.Subscriptions, []string{"A/B"}) {
			rt.Fatal(tree, err)
		}
		got := tree.Folders[0]
		list, err := got.Load()
		if err != nil || len(got.Problems) > 0 || len(list) != len(want) || got.UIDValidity != 5 || got.UIDNext != uint32(len(want)+1) {
			rt.Fatalf("%+v %v: %v", got, list, err)
		}
		for i, m := range list {
			slices.Sort(m.Flags.Keywords)
			slices.Sort(want[i].Keywords)
			if d := cmp.Diff(want[i], m.Flags); d != "" {
				rt.Errorf("flags of %d: %s", i, d)
			}
			file, err := got.Open(m)
			if err != nil {
				rt.Fatal(err)
			}
			body, err := io.ReadAll(file)
			if err != nil || string(body) != bodies[i] || file.Date.Unix() != 1e9 {
				rt.Errorf("%d: %q, wanted %q, %v", i, body, bodies[i], err)
			}
			file.Close()
		}
		if acl, err := got.ACL(); err != nil || !slices.Equal(acl, []ACLEntry{{"user=b c", "lr"}}) {
			rt.Errorf("rights %v, %v", acl, err)
		}
	})
}

func TestWriterRefuses(t *testing.T) {
	name := t.TempDir()
	root, err := os.OpenRoot(name)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w, err := NewWriter(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, levels := range [][]string{{"a.b"}, {""}, {"a/b"}, {".."}} {
		if _, err := w.Folder(levels, 1, 1); err == nil {
			t.Errorf("a folder %q was made", levels)
		}
	}
	f, err := w.Folder(nil, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	var many Flags
	for c := range 28 {
		many.Keywords = append(many.Keywords, strings.Repeat("k", c+1))
	}
	if err := f.Add(1, many, time.Unix(0, 0), strings.NewReader("x")); err != nil || len(f.Lost) != 2 {
		t.Errorf("28 keywords: lost %v, %v", f.Lost, err)
	}
	if _, err := NewWriter(root); err == nil {
		t.Error("a directory with something in it was taken")
	}
}

// FuzzBeside: files of any content cost no more than a problem.
func FuzzBeside(f *testing.F) {
	for name, file := range dovecotTree() {
		f.Add(name, file.Data)
	}
	f.Add("dovecot-uidlist", []byte("3 V N\n"))
	f.Add("cur/a:2,abc", []byte("\r\n\n\r"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !fs.ValidPath(name) || strings.Contains(name, "\\") {
			return
		}
		fsys := fstest.MapFS{"cur/1:2,Sab": file("x"), name: &fstest.MapFile{Data: data}}
		tree, err := Open(fsys)
		if err != nil {
			return
		}
		for _, folder := range tree.Folders {
			list, err := folder.Load()
			if err != nil {
				continue
			}
			for _, m := range list {
				r, err := folder.Open(m)
				if err != nil {
					continue
				}
				b, err := io.ReadAll(r)
				if err == nil && bytes.Contains(bytes.ReplaceAll(b, []byte("\r\n"), nil), []byte("\n")) {
					t.Errorf("a bare LF in %q", b)
				}
				r.Close()
			}
			folder.ACL()
		}
	})
}
