package message

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestBaseSubject(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		reply    bool
	}{
		{"", "", false},
		{"hello", "hello", false},
		{"  hello \t world  ", "hello world", false},
		{"Re: hello", "hello", true},
		{"RE : hello", "hello", true},
		{"re[2]: hello", "hello", true},
		{"Re [x] : hello", "hello", true},
		{"Fw: hello", "hello", true},
		{"FWD: hello", "hello", true},
		{"fwd:hello", "hello", true},
		{"Re: Fwd: re: hello", "hello", true},
		{"[list] hello", "hello", false},
		{"[list] Re: hello", "hello", true},
		{"Re: [list] hello", "hello", true},
		{"[a] [b] Re: [c] hello", "hello", true},
		{"[a][b]", "[b]", false},
		{"[list]", "[list]", false},
		{"Re: [list]", "[list]", true},
		{"hello (fwd)", "hello", true},
		{"hello (FWD) (fwd) ", "hello", true},
		{"(fwd)", "", true},
		{"[fwd: hello]", "hello", true},
		{"[Fwd: Re: hello (fwd)]", "hello", true},
		{"[fwd: [fwd: hello]]", "hello", true},
		{"Re: [fwd: [x] hello]", "hello", true},
		{"[fwd: hello", "[fwd: hello", false},
		{"[fwd: hello] world", "world", false},
		{"Re:", "", true},
		{"Re", "Re", false},
		{"Real: estate", "Real: estate", false},
		{"Fwdx: y", "Fwdx: y", false},
		{"[unclosed hello", "[unclosed hello", false},
		{"[a[b] hello", "[a[b] hello", false},
		{"] hello", "] hello", false},
		{"[] hello", "hello", false},
		{"Re: ü\r\n é", "ü é", true},
		{"AW: hello", "AW: hello", false}, // only what RFC 5256 lists
	} {
		got, reply := BaseSubject(tt.in)
		if got != tt.want || reply != tt.reply {
			t.Errorf("%q: got %q %v, want %q %v", tt.in, got, reply, tt.want, tt.reply)
		}
	}
}

// TestBaseSubjectSteps compares with the steps of RFC 5256 section 2.1, done
// one by one as they stand there.
func TestBaseSubjectSteps(t *testing.T) {
	piece := rapid.SampledFrom([]string{"re", "fw", "fwd", "Re:", ":", "[", "]", "[x]", "[fwd:", "(fwd)", " ", "  ", "\t", "a", "ü"})
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")
		got, _ := BaseSubject(in)
		if want := baseSubjectBySteps(in); got != want {
			t.Fatalf("%q: got %q, want %q", in, got, want)
		}
	})
}

func baseSubjectBySteps(s string) string {
	s = strings.ReplaceAll(s, "\t", " ") // (1)
	for strings.Contains(s, "  ") {
		s = strings.ReplaceAll(s, "  ", " ")
	}
	for {
		for { // (2)
			if t, ok := strings.CutSuffix(s, " "); ok {
				s = t
			} else if strings.HasSuffix(strings.ToLower(s), "(fwd)") {
				s = s[:len(s)-len("(fwd)")]
			} else {
				break
			}
		}
		for changed := true; changed; { // (5)
			changed = false
			for n := leaderBySteps(s); n > 0; n = leaderBySteps(s) { // (3)
				s, changed = s[n:], true
			}
			if n := blobLength(s); n > 0 && n < len(s) { // (4)
				s, changed = s[n:], true
			}
		}
		if !strings.HasPrefix(strings.ToLower(s), "[fwd:") || !strings.HasSuffix(s, "]") { // (6)
			return s
		}
		s = s[len("[fwd:") : len(s)-1]
	}
}

// leaderBySteps is the length of the subj-leader that s starts with.
func leaderBySteps(s string) int {
	if strings.HasPrefix(s, " ") {
		return 1
	}
	blobs := 0
	for {
		if n := refwdLength(s[blobs:]); n > 0 {
			return blobs + n
		}
		n := blobLength(s[blobs:])
		if n == 0 {
			return 0
		}
		blobs += n
	}
}
