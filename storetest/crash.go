package storetest

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// points returns how many crash points or faults a test tries: few by default,
// so that every run of the tests has some, $POSTSTUBE_LONG if that is set.
func points(t testing.TB, few int) int {
	t.Helper()
	long := os.Getenv("POSTSTUBE_LONG")
	if long == "" {
		return few
	}
	n, err := strconv.Atoi(long)
	if err != nil || n < 1 {
		t.Fatalf("$POSTSTUBE_LONG is %q, want a number of crash points", long)
	}
	return n
}

func yield() { runtime.Gosched() }

// powerFS is a disk in memory whose power can fail. Its syncs take their time,
// as those of a real disk do: what happens during a sync is what crash tests are
// about.
type powerFS struct {
	mem *vfs.MemFS
	vfs.FS
}

func newPowerFS() powerFS {
	mem := vfs.NewCrashableMem()
	slow := errorfs.InjectorFunc(func(op errorfs.Op) error {
		switch op.Kind {
		case errorfs.OpFileSync, errorfs.OpFileSyncData:
			for range rand.IntN(100) {
				yield()
			}
		}
		return nil
	})
	return powerFS{mem: mem, FS: errorfs.Wrap(mem, slow)}
}

// crash returns the disk as a power cut at this moment leaves it: of what was
// not synced, each piece is there with a probability of 0, 1/2 or 1.
func (p powerFS) crash(rng *rand.Rand) *vfs.MemFS {
	return p.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * rng.IntN(3), RNG: rng})
}
