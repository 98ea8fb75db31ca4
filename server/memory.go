package server

import (
	"context"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A memory is the bound of what this process takes, and tells when it comes close.
// Above the watermark the server refuses what would grow, instead of growing; see
// docs/decisions/overload.md.
type memory struct {
	bound     int64 // octets
	watermark int64
	log       *slog.Logger
	now       func() time.Time
	use       func() int64
	spare     []byte // see newSpare

	looked atomic.Int64 // when, in nanoseconds since 1970
	over   atomic.Bool

	mu      sync.Mutex
	samples []metrics.Sample
}

const (
	// lookEvery is how long an answer holds: a look costs some microseconds, and
	// each connection and large command asks.
	lookEvery = 100 * time.Millisecond
	// watermarkPercent of the bound may be in use. The rest is for what is under
	// way, and for garbage.
	watermarkPercent = 80

	mostSpare = 64 << 20
)

// newSpare makes the collector wait until there is some garbage. It runs when the
// heap has doubled, and of what a server keeps often a few MiB only lie there: it
// would run hundreds of times a second and take a tenth of the CPU. Nothing is ever
// written to what newSpare returns, so it takes no memory, but it is half of a heap
// that is worth a collection.
func newSpare(bound int64) []byte {
	size := int64(mostSpare)
	if bound > 0 {
		size = min(size, bound/32)
	}
	return make([]byte, size)
}

// newMemory sets the bound: what is configured, or GOMEMLIMIT, or three quarters of
// what the machine or the control group has.
func newMemory(configured Size, log *slog.Logger) *memory {
	m := &memory{bound: int64(configured), log: log, now: time.Now}
	m.use = m.inUse
	switch set := debug.SetMemoryLimit(-1); {
	case m.bound > 0:
	case set < math.MaxInt64:
		m.bound = set
	default:
		m.bound = availableMemory(os.ReadFile) / 4 * 3
	}
	m.spare = newSpare(m.bound)
	if m.bound > 0 {
		debug.SetMemoryLimit(m.bound + int64(len(m.spare))) // the runtime counts it
		m.watermark = m.bound / 100 * watermarkPercent
	}
	return m
}

// tight tells whether the watermark is passed. It is cheap.
func (m *memory) tight() bool {
	if m.watermark == 0 {
		return false
	}
	now := m.now().UnixNano()
	last := m.looked.Load()
	if now-last < int64(lookEvery) || !m.looked.CompareAndSwap(last, now) {
		return m.over.Load()
	}
	use := m.use()
	over := use > m.watermark
	if m.over.Swap(over) != over {
		if over {
			m.log.Warn("memory is tight: new connections and large commands are refused", "use", use, "watermark", m.watermark, "limit", m.bound)
		} else {
			m.log.Info("memory is no longer tight", "use", use)
		}
	}
	return over
}

// inUse is the memory that is needed: what the last garbage collection found to be
// alive, stacks, and what the runtime takes. What was allocated since is not known
// to be garbage or not; close to the bound there is a collection before it counts.
func (m *memory) inUse() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.samples == nil {
		for _, name := range [...]string{
			"/gc/heap/live:bytes", "/memory/classes/heap/stacks:bytes", "/memory/classes/metadata/other:bytes",
			"/memory/classes/os-stacks:bytes", "/memory/classes/other:bytes", "/memory/classes/profiling/buckets:bytes",
		} {
			m.samples = append(m.samples, metrics.Sample{Name: name})
		}
	}
	metrics.Read(m.samples)
	var sum uint64
	for i := range m.samples {
		if m.samples[i].Value.Kind() == metrics.KindUint64 {
			sum += m.samples[i].Value.Uint64()
		}
	}
	return int64(sum) - int64(len(m.spare))
}

// watch looks every second, and has shed called while memory is tight.
func (m *memory) watch(ctx context.Context, shed func()) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if m.tight() {
				shed()
			}
		}
	}
}

// availableMemory returns how many octets of memory this process can have, as the
// control group or the machine says, or 0 if neither is known. readFile is
// os.ReadFile.
func availableMemory(readFile func(string) ([]byte, error)) int64 {
	least := int64(0)
	consider := func(n int64) {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	if b, err := readFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
				n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
				consider(n << 10)
			}
		}
	}
	if b, err := readFile("/proc/self/cgroup"); err == nil {
		for line := range strings.Lines(string(b)) {
			group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
			for ok { // a limit may be set at any height
				if b, err := readFile("/sys/fs/cgroup" + group + "/memory.max"); err == nil {
					n, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64) // "max" is none
					consider(n)
				}
				up := strings.LastIndexByte(group, '/')
				if ok = up >= 0 && group != ""; ok {
					group = group[:up]
				}
			}
		}
	}
	return least
}
