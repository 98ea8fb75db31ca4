package imap

import (
	"strings"
	"testing"
	"time"
)

// naiveMatch is matchPattern as one would write it without a thought for time.
func naiveMatch(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	switch pattern[0] {
	case '*', '%':
		for i := 0; i <= len(name); i++ {
			if naiveMatch(pattern[1:], name[i:]) {
				return true
			}
			if i < len(name) && pattern[0] == '%' && name[i] == hierarchySeparator {
				return false
			}
		}
		return false
	}
	return name != "" && name[0] == pattern[0] && naiveMatch(pattern[1:], name[1:])
}

func TestMatchPattern(t *testing.T) {
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true}, {"*", "", true}, {"%", "", true}, {"a", "", false}, {"", "a", false},
		{"*", "a/b", true}, {"%", "a/b", false}, {"%/%", "a/b", true}, {"%/%", "a/b/c", false},
		{"a*", "a", true}, {"a%c", "abc", true}, {"a%c", "a/c", false}, {"*c", "a/b/c", true}, {"%c", "a/b/c", false},
		{"*/%c", "a/b/xc", true}, {"%*", "a/b", true}, {"*%", "a/b", true}, {"a*b%c", "axbx/xbxc", true}, {"a%b*c", "a/bc", false},
	} {
		if got := matchPattern(tt.pattern, tt.name); got != tt.want || naiveMatch(tt.pattern, tt.name) != tt.want {
			t.Errorf("%q and %q: %v", tt.pattern, tt.name, got)
		}
	}
}

// TestMatchPatternTime: no pattern takes more than the product of the lengths.
func TestMatchPatternTime(t *testing.T) {
	start := time.Now()
	name := strings.Repeat("a", 1000)
	for _, wild := range []string{"*a", "%a", "*%", "%*a"} {
		if matchPattern(strings.Repeat(wild, 250)+"b", name) {
			t.Error("matches")
		}
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("took %v", d)
	}
}

func FuzzMatchPattern(f *testing.F) {
	f.Add("*%a", "b/a")
	f.Add("%a*b%", "aab/b")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 12 || len(name) > 16 {
			return // the naive way takes too long
		}
		if got, want := matchPattern(pattern, name), naiveMatch(pattern, name); got != want {
			t.Fatalf("%q and %q: %v, want %v", pattern, name, got, want)
		}
	})
}
