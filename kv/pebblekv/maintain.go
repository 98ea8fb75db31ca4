package pebblekv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"

	"poststube/diskspace"
	"poststube/kv"
)

// Metrics are what the store knows about itself.
type Metrics struct {
	DiskBytes      uint64 // all files of the store
	LogBytes       uint64 // live write-ahead logs
	MemTableBytes  uint64 // allocated memtables
	CacheBytes     int64  // blocks in the cache
	CacheHits      int64  // since Open
	CacheMisses    int64  // since Open
	ReadAmp        int    // tables that a read may have to look at
	CompactionDebt uint64 // bytes that compactions have to move to catch up
	Flushes        int64  // since Open
	Compactions    int64  // since Open
	FlushedBytes   uint64 // written by flushes since Open
	CompactedBytes uint64 // written by compactions since Open
	// Space is how much may be written: see Options.MinFree.
	Space diskspace.Level
	// Failed says that the store takes no more calls: see kv.ErrFailed.
	Failed bool
}

// Metrics returns the current figures, or kv.ErrClosed.
func (db *DB) Metrics() (Metrics, error) {
	if !db.gate.enter() {
		return Metrics{}, kv.ErrClosed
	}
	defer db.gate.leave()
	m := db.pebble.Metrics()
	total := m.Total()
	return Metrics{
		DiskBytes:      m.DiskSpaceUsage(),
		LogBytes:       m.WAL.Size,
		MemTableBytes:  m.MemTable.Size,
		CacheBytes:     m.BlockCache.Size,
		CacheHits:      m.BlockCache.Hits,
		CacheMisses:    m.BlockCache.Misses,
		ReadAmp:        m.ReadAmp(),
		CompactionDebt: m.Compact.EstimatedDebt,
		Flushes:        m.Flush.Count,
		Compactions:    m.Compact.Count,
		FlushedBytes:   total.TableBytesFlushed,
		CompactedBytes: total.TableBytesCompacted,
		Space:          db.space.Level(),
		Failed:         db.failure.tripped(),
	}, nil
}

// Probe returns nil if the store can write now: it writes an empty record to the
// log and waits until that is durable. It returns what Update would.
func (db *DB) Probe(ctx context.Context) error {
	if err := db.enter(ctx); err != nil {
		return err
	}
	defer db.gate.leave()
	if err := db.room(ctx); err != nil {
		return err
	}
	if err := db.pebble.LogData(nil, pebble.Sync); err != nil {
		return fmt.Errorf("kv: probe: %w", err)
	}
	return db.failure.err()
}

// Checkpoint writes a copy of the store, as of some moment during the call, into
// dir, which must not exist. Tables are linked where the file system can, so it
// is quick and takes no room at first. Everything that any call was told is in
// it. Open opens it.
func (db *DB) Checkpoint(dir string) error {
	if err := db.enter(context.Background()); err != nil {
		return err
	}
	defer db.gate.leave()
	if err := db.pebble.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("kv: checkpoint into %s: %w", dir, err)
	}
	return db.failure.err()
}

// Check verifies the store while it is in use: that the levels of the tree are
// in order, and the checksum of every block of every table. It reads all tables
// once. The error joins all problems found, one per table, or says why the check
// could not go on.
func (db *DB) Check(ctx context.Context) error {
	if err := db.enter(ctx); err != nil {
		return err
	}
	defer db.gate.leave()
	var problems []error
	if err := db.pebble.CheckLevels(nil); err != nil {
		problems = append(problems, fmt.Errorf("kv: levels: %w", err))
	}
	levels, err := db.pebble.SSTables()
	if err != nil {
		return errors.Join(append(problems, err)...)
	}
	for _, level := range levels {
		for _, table := range level {
			if err := context.Cause(ctx); err != nil {
				return errors.Join(append(problems, err)...)
			}
			name := table.BackingSSTNum.String() + ".sst"
			if err := db.checkTable(ctx, name); err != nil {
				problems = append(problems, fmt.Errorf("kv: table %s: %w", name, err))
			}
		}
	}
	return errors.Join(problems...)
}

// checkTable verifies the checksums of one table. One that a compaction has
// removed in the meantime is in order.
func (db *DB) checkTable(ctx context.Context, name string) error {
	file, err := db.breaker.Open(db.breaker.PathJoin(db.breaker.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	readable, err := sstable.NewSimpleReadable(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	table, err := sstable.NewReader(ctx, readable, db.readerOptions)
	if err != nil {
		return errors.Join(err, readable.Close())
	}
	return errors.Join(table.ValidateBlockChecksums(), table.Close())
}
