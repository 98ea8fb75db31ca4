package moving

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"poststube/admin"
	"poststube/mail"
)

// A made is a source that a test makes.
type made struct {
	folders  []Folder
	contents map[string]*Contents
	failOpen map[string]error
}

func (m *made) Folders(context.Context) ([]Folder, error) { return m.folders, nil }
func (m *made) Problems() []Problem                       { return []Problem{{Text: "beside"}} }
func (m *made) Close() error                              { return nil }
func (m *made) Open(_ context.Context, f Folder) (*Contents, error) {
	if err := m.failOpen[f.Name]; err != nil {
		return nil, err
	}
	if c := m.contents[f.Name]; c != nil {
		return c, nil
	}
	return &Contents{Messages: letters()}, nil
}

// letters makes messages with the UIDs; failAt, from 1, is one that breaks.
func letters(uids ...uint32) func(func(string) bool, func(Problem)) iter.Seq2[admin.Message, error] {
	return func(known func(string) bool, report func(Problem)) iter.Seq2[admin.Message, error] {
		return func(yield func(admin.Message, error) bool) {
			for _, uid := range uids {
				source := fmt.Sprint("test\x00", uid)
				if known(source) {
					continue
				}
				body := strings.NewReader(fmt.Sprintf("Subject: %d\r\n\r\n", uid))
				if !yield(admin.Message{UID: uid, Source: source, Body: body}, nil) {
					return
				}
			}
		}
	}
}

func problems(r *Report) string {
	var list []string
	for _, p := range r.Problems {
		list = append(list, p.Folder+"/"+p.Message+": "+p.Text)
	}
	return strings.Join(list, "\n")
}

func TestNames(t *testing.T) {
	long := strings.Repeat("x", 300)
	src := &made{folders: []Folder{{Name: "INBOX"}, {Name: "a*b/ c /.."}, {Name: "Users/ben/INBOX"}, {Name: long}, {Name: "shut"}, {Name: "last"}},
		failOpen: map[string]error{"shut": &FolderError{errors.New("permission denied")}}}
	s := newService(t)
	r, err := Import(t.Context(), s, src, Options{Owner: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	there := boxes(t, s)
	for _, name := range []string{"a_b/c/_", "Imported/Users/ben/INBOX", "last"} {
		if _, ok := there[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	for _, want := range []string{"a*b/ c /../: the name cannot be here: the folder is called a_b/c/_", "kept for shared mailboxes; the folder is called Imported/Users/ben/INBOX",
		"xxx/: a level of a mailbox name has at most 255 octets", "shut/: permission denied", "/: beside"} {
		if !strings.Contains(problems(r), want) {
			t.Errorf("%q is not reported:\n%s", want, problems(r))
		}
	}
	if len(r.Problems) != 5 || len(r.Folders) != 4 {
		t.Errorf("%d folders, problems:\n%s", len(r.Folders), problems(r))
	}
}

func TestSpecialUse(t *testing.T) {
	s := newService(t)
	src := &made{folders: []Folder{{Name: "Sent Items", SpecialUse: []string{`\Sent`}}, {Name: "Trash", SpecialUse: []string{`\Trash`}},
		{Name: "Bin", SpecialUse: []string{`\Trash`}}, {Name: "Archive"}, {Name: "Old", SpecialUse: []string{`\Archive`}}}}
	for round := range 2 {
		r, err := Import(t.Context(), s, src, Options{Owner: "anna"})
		if err != nil {
			t.Fatal(err)
		}
		there := boxes(t, s)
		for name, use := range map[string]string{"Sent Items": `\Sent`, "Trash": `\Trash`, "Bin": "", "Archive": `\Archive`, "Old": ""} {
			if got := strings.Join(there[name].SpecialUse, " "); got != use {
				t.Errorf("round %d: %s is for %q", round, name, got)
			}
		}
		if _, ok := there["Sent"]; ok {
			t.Errorf("round %d: there are two for \\Sent", round)
		}
		if got := problems(r); !strings.Contains(got, `Bin/: it is the folder for \Trash there; here that is Trash`) || !strings.Contains(got, "Old/") || len(r.Problems) != 3 {
			t.Errorf("round %d: problems:\n%s", round, got)
		}
	}
}

func TestRights(t *testing.T) {
	s := newService(t)
	entries := []Entry{{"user=ben", "lrs"}, {"group=sales", "lr?"}, {"-anyone", "i"}, {"anna", "lrswipkxtea"}, {"carl", "lr"}, {"group-override=x", "l"}, {"sales", "0n"}, {"owner", "lrs"}, {"owner", "lrswitekxa"}}
	src := &made{folders: []Folder{{Name: "Work"}}, contents: map[string]*Contents{"Work": {ACL: entries, Messages: letters()}}}
	r, err := Import(t.Context(), s, src, Options{Owner: "anna", Under: "Old"})
	if err != nil {
		t.Fatal(err)
	}
	rights := func() string {
		t.Helper()
		list, err := s.ACL(t.Context(), admin.Place{Owner: "anna", Path: "Old/Work"})
		if err != nil {
			t.Fatal(err)
		}
		var own []string
		for _, e := range list {
			if !e.Inherited {
				own = append(own, e.Identifier+" "+e.Rights)
			}
		}
		slices.Sort(own)
		return strings.Join(own, ", ")
	}
	if got := rights(); got != "-anyone i, ben lrs, group:sales lr" {
		t.Errorf("rights: %s", got)
	}
	for _, want := range []string{`"carl" were not given`, "group-override", `"?" mean nothing`, `the owner has the rights "lrs" only`, "none of them is known"} {
		if !strings.Contains(problems(r), want) {
			t.Errorf("%q is not reported:\n%s", want, problems(r))
		}
	}
	// What was changed here since stays.
	if _, err := s.SetACL(t.Context(), admin.ACLChange{Place: admin.Place{Owner: "anna", Path: "Old/Work"}, Identifier: "ben", Rights: "lrsi", Quiet: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(t.Context(), s, src, Options{Owner: "anna", Under: "Old"}); err != nil {
		t.Fatal(err)
	}
	if got := rights(); !strings.Contains(got, "ben lrsi") {
		t.Errorf("after the second import: %s", got)
	}
}

// TestAgain: an import that breaks anywhere, any number of times, is in the end
// what one that went through is.
func TestAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newService(t)
		uids := rapid.SliceOfNDistinct(rapid.Uint32Range(1, 2000), 1, 600, rapid.ID).Draw(rt, "uids")
		slices.Sort(uids)
		broken := errors.New("the source broke")
		taken := 0
		for _, at := range rapid.SliceOfN(rapid.IntRange(0, len(uids)-1), 0, 3).Draw(rt, "breaks at") {
			src := &made{folders: []Folder{{Name: "INBOX", Messages: len(uids)}}, contents: map[string]*Contents{"INBOX": {UIDValidity: 7, UIDNext: 3000}}}
			all := letters(uids...)
			src.contents["INBOX"].Messages = func(known func(string) bool, report func(Problem)) iter.Seq2[admin.Message, error] {
				return func(yield func(admin.Message, error) bool) {
					for m, err := range all(known, report) {
						if m.UID == uids[at] {
							m.Body, err = nil, broken
							yield(admin.Message{}, err)
							return
						}
						if !yield(m, err) {
							return
						}
					}
				}
			}
			r, err := Import(t.Context(), s, src, Options{Owner: "anna"})
			if r.Messages+r.Known < at && err != nil && !errors.Is(err, broken) {
				rt.Fatalf("%v", err)
			}
			taken += r.Messages
		}
		var last Progress
		src := &made{folders: []Folder{{Name: "INBOX", Messages: len(uids)}}, contents: map[string]*Contents{"INBOX": {UIDValidity: 7, UIDNext: 3000, Messages: letters(uids...)}}}
		r, err := Import(t.Context(), s, src, Options{Owner: "anna", Progress: func(p Progress) { last = p }})
		if err != nil || taken+r.Messages != len(uids) || r.Known != taken || !r.Folders[0].UIDsKept {
			rt.Fatalf("%d were taken before; now %+v, %v", taken, r, err)
		}
		if last.Done != len(uids) || last.Total != len(uids) {
			rt.Errorf("progress ends with %+v of %d", last, len(uids))
		}
		var got []uint32
		err = s.Export(t.Context(), admin.MailboxName{Owner: "anna", Name: "INBOX"}, func(m admin.Message) error {
			got = append(got, m.UID)
			return nil
		})
		if err != nil || !slices.Equal(got, uids) {
			rt.Errorf("UIDs %v, wanted %v, %v", got, uids, err)
		}
		if b := boxes(t, s)["INBOX"]; b.UIDValidity != 7 || b.UIDNext != 3000 {
			rt.Errorf("%+v", b)
		}
	})
}

func TestMessageProblems(t *testing.T) {
	s := newService(t)
	big := func(known func(string) bool, report func(Problem)) iter.Seq2[admin.Message, error] {
		return func(yield func(admin.Message, error) bool) {
			report(Problem{Message: "9", Text: "unreadable"})
			_ = yield(admin.Message{Source: "x\x00big", Body: strings.NewReader(strings.Repeat("x", 6000))}, nil) &&
				yield(admin.Message{Source: "x\x00ok", Flags: []string{"k", "a b"}, Body: strings.NewReader("a: b\r\n")}, nil)
		}
	}
	src := &made{folders: []Folder{{Name: "INBOX"}}, contents: map[string]*Contents{"INBOX": {Messages: big}}}
	r, err := Import(t.Context(), s, src, Options{Owner: "anna"})
	if err != nil || r.Messages != 1 || r.Folders[0].UIDsKept {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, want := range []string{"INBOX/9: unreadable", "INBOX/big: the message is larger than", `the keyword "a b" cannot be here`} {
		if !strings.Contains(problems(r), want) {
			t.Errorf("%q is not reported:\n%s", want, problems(r))
		}
	}
	src.failOpen = map[string]error{"INBOX": errors.New("the line is dead")}
	if r, err := Import(t.Context(), s, src, Options{Owner: "anna"}); err == nil || r.Owner != "anna" {
		t.Errorf("a source that breaks: %+v, %v", r, err)
	}
	if _, err := Import(t.Context(), s, src, Options{Owner: "nobody"}); mail.KindOf(err) != mail.NotFound {
		t.Errorf("nobody: %v", err)
	}
}

func TestMboxIDs(t *testing.T) {
	ids := NewMboxIDs()
	seen := map[string]bool{}
	for _, text := range []string{"a", "b", "a", strings.Repeat("x", ahead+5)} {
		source, body, err := ids.Identify(strings.NewReader(text))
		if err != nil || seen[source] {
			t.Errorf("%.5q: %q, %v", text, source, err)
		}
		seen[source] = true
		if err := iotest.TestReader(body, []byte(text)); err != nil && len(text) < ahead {
			t.Error(err)
		}
	}
	again := NewMboxIDs()
	if source, _, err := again.Identify(strings.NewReader("b")); err != nil || !seen[source] {
		t.Errorf("in another file: %q, %v", source, err)
	}
}
