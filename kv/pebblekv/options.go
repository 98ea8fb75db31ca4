package pebblekv

import (
	"bytes"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable/block"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options are the settings of a DB. The zero value is right for a small server.
type Options struct {
	// FS is the file system; nil is the operating system's. Tests pass
	// vfs.NewMem() or vfs.NewCrashableMem().
	FS vfs.FS
	// CacheSize is how much memory in bytes blocks that were read may always
	// have; 0 means 16 MiB. What memtables do not use of theirs serves blocks too,
	// so CacheSize + 4 MemTableSize bounds both together.
	CacheSize int64
	// MemTableSize is the size in bytes up to which writes are collected in
	// memory before they become a table; 0 means 16 MiB, with which a small
	// server stays small. 64 MiB take longer bursts at the speed of the log; what
	// can be sustained is the same. The first has 256 KiB and each doubles the
	// last; under load up to four exist at once.
	MemTableSize uint64
	// MinFree is the reserve in bytes: with less free space on the disk, Update
	// answers kv.ErrFull unless its context is from kv.WithReserve, and with
	// less than an eighth of it in any case. 0 keeps no reserve.
	MinFree uint64
	// Ballast is the size in bytes of a file that is thrown off when the log
	// finds no room in spite of MinFree, because somebody else filled the disk.
	// Without it the store then fails. 0 carries none.
	Ballast int64
	// OnFatal is called once, on a goroutine of its own, when the store has
	// failed: see kv.ErrFailed. A server stops here.
	OnFatal func(error)
	// Heaps are disjoint ranges of keys whose values are large and which arrive in
	// ascending order, as the octets of messages do. Each has tables of its own,
	// so that compactions need not rewrite them to bring them down.
	Heaps []Range
	// Compress compresses the tables of heaps too, which without it stay as they
	// are: see compression.
	Compress bool
	// OnCommit, if not nil, is called after each Update that has written, with
	// how long it took until it was durable, the wait for its locks included.
	// It must not wait.
	OnCommit func(took time.Duration)
	// Paranoid destroys every slice given to a transaction's function as soon
	// as it is no longer valid. For tests: it finds those who keep one.
	Paranoid bool
	// Log receives what the store has to say; nil means slog.Default().
	Log *slog.Logger
}

// A Range is all keys with Lo <= key < Hi.
type Range struct{ Lo, Hi []byte }

const (
	defaultCacheSize    = 16 << 20
	defaultMemTableSize = 16 << 20

	// memTables is how many may exist: writers stall when there are more.
	memTables = 4
)

func (o *Options) setDefaults() {
	if o.CacheSize == 0 {
		o.CacheSize = defaultCacheSize
	}
	if o.MemTableSize == 0 {
		o.MemTableSize = defaultMemTableSize
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

// format is the version of the files on disk, by name: a newer Pebble must not
// raise it by itself, since an older poststube could not open them any more.
const format = pebble.FormatValueSeparation

// pebbleOptions returns the settings that need no files.
func (o *Options) pebbleOptions(f *failure) *pebble.Options {
	p := &pebble.Options{
		// Pebble takes memtables out of the cache. It must not be left with none: a
		// delivery looks for the messages that it refers to, and reads the filters
		// of all tables for that.
		CacheSize:          o.CacheSize + memTables*int64(o.MemTableSize),
		FormatMajorVersion: format,
		MemTableSize:       o.MemTableSize,
		// Writers stall when this many memtables wait to be flushed; View waits
		// for a stalled commit that it might have seen, so stalls must be rare.
		MemTableStopWritesThreshold: memTables,
		// Reads pay for each sublevel of L0: compact early, and stop writers
		// when compaction has lost rather than let reads become slow.
		L0CompactionThreshold: 2,
		L0StopWritesThreshold: 64,
		LBaseMaxBytes:         16 << 20,
		WALBytesPerSync:       512 << 10,
		MaxOpenFiles:          1000,
		CompactionConcurrencyRange: func() (lower, upper int) {
			return 1, 2
		},
		// What DeleteRange frees, an expunged mailbox say, is given back though
		// nothing else is written.
		FlushDelayDeleteRange: 10 * time.Second,
		Logger:                logger{o.Log, f},
		EventListener:         listener(o.Log),
	}
	// A flush makes one table of a heap. It then overlaps nothing and goes down
	// level by level without being read: most octets of messages are written twice,
	// to the log and to that table.
	p.TargetFileSizes[0] = int64(o.MemTableSize)
	for i := range len(p.TargetFileSizes) - 1 {
		p.TargetFileSizes[i+1] = 4 << 20 << i
	}
	p.FlushSplitBytes = int64(o.MemTableSize)
	p.Experimental.SpanPolicyFunc = splitAt(o.Heaps)
	p.ApplyCompressionSettings(o.compression)
	for i := range p.Levels {
		p.Levels[i].BlockSize = 32 << 10
		p.Levels[i].IndexBlockSize = 256 << 10
		// Ten bits a key: one absent key in a hundred costs a read.
		p.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	// Values stay in the tables: Pebble could keep large ones apart, which saves
	// a tenth of the writes, but version 2.1.7 panics when the footer of such a
	// file is damaged.
	return p
}

// compression compresses what comes to rest in the last level: the records, which
// shrink to less than half and are read at 1.6 GB a second and core. Tables of
// heaps come there as they were flushed. To compress them in the flush makes text
// half as large, base64 hardly smaller, and costs a quarter of the CPU of taking
// messages in and an eighth of that of reading them.
func (o *Options) compression() pebble.DBCompressionSettings {
	c := pebble.DBCompressionFastest
	if !o.Compress {
		for i := range len(c.Levels) - 1 {
			c.Levels[i] = block.NoCompression
		}
	}
	return c
}

// splitAt begins new tables where a heap begins and ends. heaps are in order.
func splitAt(heaps []Range) pebble.SpanPolicyFunc {
	return func(start []byte) (policy pebble.SpanPolicy, end []byte, err error) {
		for _, h := range heaps {
			if bytes.Compare(start, h.Lo) < 0 {
				return policy, h.Lo, nil
			}
			if bytes.Compare(start, h.Hi) < 0 {
				return policy, h.Hi, nil
			}
		}
		return policy, nil, nil
	}
}

// listener logs the events that an administrator can do something about.
func listener(log *slog.Logger) *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) { log.Error("kv: background work failed and will be tried again", "err", err) },
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			log.Error("kv: a file is damaged", "path", info.Path, "err", info.Details)
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) { log.Warn("kv: writers stall", "reason", info.Reason) },
		WriteStallEnd:   func() { log.Info("kv: writers go on") },
	}
}
