package promises

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"testing"
)

var (
	background = context.Background()
	silent     = slog.New(slog.DiscardHandler)
)

// rounds returns how often a rig does what it does: short as a rule, so that
// every run of the tests has some, and $POSTSTUBE_LONG if that is set.
func rounds(t testing.TB, short int) int {
	t.Helper()
	long := os.Getenv("POSTSTUBE_LONG")
	if long == "" {
		return short
	}
	n, err := strconv.Atoi(long)
	if err != nil || n < 1 {
		t.Fatalf("$POSTSTUBE_LONG is %q, want a number of rounds", long)
	}
	return n
}

// tried tells the table what a test has tried.
func tried(t testing.TB, format string, args ...any) {
	t.Helper()
	t.Logf("tried: "+format, args...)
}
