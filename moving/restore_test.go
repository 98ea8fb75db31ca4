package moving

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"poststube/admin"
	"poststube/mail"
)

// fill puts messages into a mailbox of anna, each with a Message-ID, flags and a
// day of November.
func fill(t *testing.T, s admin.Service, box string, days ...int) {
	t.Helper()
	_, err := s.Import(t.Context(), admin.MailboxName{Owner: "anna", Name: box}, func(yield func(admin.Message, error) bool) {
		for _, d := range days {
			m := admin.Message{Date: time.Date(2026, 11, d, 12, 0, 0, 0, time.UTC), Flags: []string{`\Seen`, "work"},
				Body: strings.NewReader(fmt.Sprintf("Subject: %d\r\nMessage-Id:\r\n <%d@example.org>\r\n\r\n", d, d))}
			if !yield(m, nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// lines are the messages of a mailbox: day, flags, subject.
func lines(t *testing.T, s admin.Service, owner, box string) (list []string) {
	t.Helper()
	err := s.Export(t.Context(), admin.MailboxName{Owner: owner, Name: box}, func(m admin.Message) error {
		b, err := io.ReadAll(m.Body)
		subject, _, _ := strings.Cut(string(b), "\r\n")
		list = append(list, fmt.Sprintf("%d %v %s", m.Date.Day(), m.Flags, subject))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRestoreAddsWhatIsMissing(t *testing.T) {
	from, to := newService(t), newService(t)
	fill(t, from, "A", 1, 2, 2, 3) // 2 is there twice
	fill(t, from, "A/B", 4)
	fill(t, from, "Alone", 5)
	fill(t, to, "A", 2, 9)
	o := RestoreOptions{From: admin.MailboxName{Owner: "anna", Name: "A"}, Into: admin.MailboxName{Owner: "anna"}, Beneath: true}
	for i, want := range [][2]int{{4, 1}, {0, 5}} { // messages, known
		r, err := Restore(t.Context(), from, to, o)
		if err != nil {
			t.Fatal(err)
		}
		if r.Messages != want[0] || r.Known != want[1] {
			t.Errorf("run %d: %+v", i, r)
		}
		want := []string{`2 [\Seen work] Subject: 2`, `9 [\Seen work] Subject: 9`, `1 [\Seen work] Subject: 1`, `2 [\Seen work] Subject: 2`, `3 [\Seen work] Subject: 3`}
		if got := lines(t, to, "anna", "A"); !slices.Equal(got, want) {
			t.Errorf("run %d: A has %q", i, got)
		}
		if got := lines(t, to, "anna", "A/B"); len(got) != 1 {
			t.Errorf("run %d: A/B has %q", i, got)
		}
	}
	if _, ok := boxes(t, to)["Alone"]; ok {
		t.Error("a mailbox came that was not asked for")
	}
}

func TestRestoreChooses(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct {
		o    RestoreOptions
		want string
	}{
		"since":      {RestoreOptions{Since: day(2)}, "[2 3]"},
		"before":     {RestoreOptions{Before: day(2)}, "[1]"},
		"between":    {RestoreOptions{Since: day(2), Before: day(3)}, "[2]"},
		"message id": {RestoreOptions{MessageIDs: []string{"<3@example.org>", "1@example.org"}}, "[1 3]"},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := newService(t), newService(t)
			fill(t, from, "A", 1, 2, 3)
			fill(t, from, "B", 20)
			tt.o.From, tt.o.Into = admin.MailboxName{Owner: "anna", Name: "A"}, admin.MailboxName{Owner: "ben", Name: "Old/A"}
			if _, err := Restore(t.Context(), from, to, tt.o); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range lines(t, to, "ben", "Old/A") {
				got = append(got, strings.Fields(l)[0])
			}
			if fmt.Sprint(got) != tt.want {
				t.Errorf("%v came, want %s", got, tt.want)
			}
		})
	}
}

func TestRestoreNowhere(t *testing.T) {
	from, to := newService(t), newService(t)
	_, err := Restore(t.Context(), from, to, RestoreOptions{From: admin.MailboxName{Owner: "anna", Name: "A"}, Into: admin.MailboxName{Owner: "anna"}})
	if mail.KindOf(err) != mail.NotFound || !strings.HasPrefix(mail.Text(err), "in the backup: ") {
		t.Errorf("got %v", err)
	}
}
