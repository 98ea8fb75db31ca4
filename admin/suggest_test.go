package admin

import (
	"testing"

	"poststube/mail"
)

func TestMeant(t *testing.T) {
	names := []string{"INBOX", "Projects", "Projects/2026", "Sent", "Trash", "Entwürfe"}
	for _, tt := range []struct{ name, want string }{
		{"Project", "Projects"},
		{"Porjects", "Projects"},
		{"projects", "Projects"},
		{"Projects/2025", "Projects/2026"},
		{"inbx", "INBOX"},
		{"Entwurfe", "Entwürfe"},
		{"Send", "Sent"},
		{"Vacation", ""},
		{"x", ""},
		{"", ""},
	} {
		err := meant(&mail.Error{Kind: mail.NotFound, Text: "no"}, tt.name, names)
		want := "no"
		if tt.want != "" {
			want = `no: did you mean "` + tt.want + `"?`
		}
		if got := mail.Text(err); got != want || mail.KindOf(err) != mail.NotFound {
			t.Errorf("%q: %s, want %s", tt.name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"anna", "ana", 1}, {"über", "uber", 1}, {"abc", "abcdefgh", 4},
	} {
		if got := distance(tt.a, tt.b, 3); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
