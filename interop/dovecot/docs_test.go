package dovecot

import (
	"os"
	"strings"
	"testing"
)

// TestDifferencesAreDocumented holds the list of differences and its document
// together.
func TestDifferencesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/dovecot-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	section := func(why reason) string {
		_, rest, ok := strings.Cut(string(text), "\n## "+string(why)+"\n")
		if !ok {
			t.Errorf("docs/dovecot-differences.md has no section %q", why)
		}
		rest, _, _ = strings.Cut(rest, "\n## ")
		return rest
	}
	for _, why := range []reason{missingSection, brokenAddresses} {
		section(why)
	}
	for name, why := range differences {
		if !strings.Contains(section(why), name) {
			t.Errorf("docs/dovecot-differences.md: section %q does not name %s", why, name)
		}
	}
}
