package pebblekv

import (
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options are the settings of a DB. The zero value is right for a small server.
type Options struct {
	// FS is the file system; nil is the operating system's. Tests pass
	// vfs.NewMem() or vfs.NewCrashableMem().
	FS vfs.FS
	// CacheSize is the size of the block cache in bytes; 0 means 16 MiB.
	CacheSize int64
	// MemTableSize is the size in bytes up to which writes are collected in
	// memory before they become a table; 0 means 64 MiB. Up to four exist at
	// once under load. They start small and grow with use.
	MemTableSize uint64
	// Paranoid destroys every slice given to a transaction's function as soon
	// as it is no longer valid. For tests: it finds those who keep one.
	Paranoid bool
	// Log receives what the store has to say; nil means slog.Default().
	Log *slog.Logger
}

const (
	defaultCacheSize    = 16 << 20
	defaultMemTableSize = 64 << 20
)

// Open opens the store in dir and creates it if there is none.
func Open(dir string, o Options) (*DB, error) {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.CacheSize == 0 {
		o.CacheSize = defaultCacheSize
	}
	if o.MemTableSize == 0 {
		o.MemTableSize = defaultMemTableSize
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	db := &DB{locks: newLockTable(), opts: o, release: func() error { return nil }}
	db.readers.New = func() any { return &reader{paranoid: o.Paranoid} }
	db.txs.New = func() any { return &tx{reader: reader{paranoid: o.Paranoid}} }
	var err error
	if db.pebble, err = pebble.Open(dir, db.pebbleOptions()); err != nil {
		return nil, fmt.Errorf("kv: opening %s: %w", dir, err)
	}
	return db, nil
}

func (db *DB) pebbleOptions() *pebble.Options {
	o := &pebble.Options{
		FS:                          db.opts.FS,
		CacheSize:                   db.opts.CacheSize,
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                db.opts.MemTableSize,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       1000,
		LBaseMaxBytes:               64 << 20,
		WALBytesPerSync:             512 << 10,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
		Logger:                      logger{db.opts.Log},
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	return o
}

type logger struct{ log *slog.Logger }

func (l logger) Infof(format string, args ...any)  { l.log.Debug(fmt.Sprintf(format, args...)) }
func (l logger) Errorf(format string, args ...any) { l.log.Error(fmt.Sprintf(format, args...)) }
func (l logger) Fatalf(format string, args ...any) { l.log.Error(fmt.Sprintf(format, args...)) }
