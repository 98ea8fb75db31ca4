package pebblekv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/diskspace"
	"poststube/kv"
)

// slowDisk is how long one operation on the disk may take before it is logged.
const slowDisk = 5 * time.Second

// Open opens the store in dir and creates it if there is none. It returns an
// *InUseError if the store is open already, here or in another process.
func Open(dir string, o Options) (*DB, error) {
	o.setDefaults()
	db := &DB{locks: newLockTable(), gate: newGate(), onCommit: o.OnCommit, failure: failure{hook: o.OnFatal, log: o.Log}}
	db.readers.New = func() any { return &reader{paranoid: o.Paranoid} }
	db.txs.New = func() any { return &tx{base: reader{paranoid: o.Paranoid}, merged: reader{paranoid: o.Paranoid}} }
	if err := db.open(dir, o); err != nil {
		// What was opened is closed in reverse.
		err = fmt.Errorf("kv: opening %s: %w", dir, err)
		return nil, errors.Join(err, db.closeFiles())
	}
	return db, nil
}

func (db *DB) open(dir string, o Options) error {
	fs := o.FS
	if fs == nil {
		var closer io.Closer
		fs, closer = vfs.WithDiskHealthChecks(vfs.Default, slowDisk, nil, func(info vfs.DiskSlowInfo) {
			o.Log.Warn("kv: the disk is slow", "path", info.Path, "op", info.OpType.String(), "duration", info.Duration)
		})
		db.onClose(closer.Close)
	}
	if err := makeDir(fs, dir); err != nil {
		return err
	}
	lock, err := hold(fs, dir)
	if err != nil {
		return err
	}
	db.onClose(lock.Close)

	weight := &ballast{fs: fs, path: fs.PathJoin(dir, "ballast"), size: o.Ballast}
	if err := weight.load(); err != nil {
		// A full disk must not keep the server from starting: there is mail to
		// read and to delete.
		o.Log.Warn("kv: no room for the ballast", "size", o.Ballast, "err", err)
	}
	db.space = diskspace.NewGuard(o.MinFree, func() (uint64, error) {
		usage, err := fs.GetDiskUsage(dir)
		if err == nil && weight.gone() && usage.AvailBytes > o.MinFree+uint64(o.Ballast) {
			if err := weight.load(); err != nil {
				o.Log.Warn("kv: no room for the ballast", "size", o.Ballast, "err", err)
			}
		}
		return usage.AvailBytes, err
	})
	guarded, err := newBreaker(fs, dir, &db.failure, weight, db.space.Exhaust)
	if err != nil {
		return err
	}
	db.breaker = guarded
	po := o.pebbleOptions(&db.failure)
	po.FS, po.Lock = guarded, lock
	db.readerOptions = po.MakeReaderOptions()
	if db.pebble, err = pebble.Open(dir, po); err != nil {
		return errors.Join(err, db.failure.err())
	}
	db.onClose(db.pebble.Close)
	return db.failure.err()
}

// makeDir creates dir for this user only, with the directories above it that are
// missing, durably.
func makeDir(fs vfs.FS, dir string) error {
	if _, err := fs.Stat(dir); err == nil {
		return nil
	}
	above := fs.PathDir(dir)
	if above != dir {
		if err := makeDir(fs, above); err != nil {
			return err
		}
	}
	if err := fs.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	parent, err := fs.OpenDir(above)
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

// onClose adds what closeFiles does, before everything added so far.
func (db *DB) onClose(fn func() error) { db.closers = append(db.closers, fn) }

func (db *DB) closeFiles() error {
	if db.breaker != nil {
		close(db.breaker.closing)
	}
	var errs []error
	for i := len(db.closers) - 1; i >= 0; i-- {
		errs = append(errs, db.closers[i]())
	}
	return errors.Join(errs...)
}

// Close implements kv.DB. It must not be called from within a transaction.
func (db *DB) Close() error {
	if !db.gate.close() {
		return kv.ErrClosed
	}
	return db.closeFiles()
}

// room answers kv.ErrFull if ctx may not write now.
func (db *DB) room(ctx context.Context) error {
	switch level := db.space.Level(); {
	case level == diskspace.Ample, level == diskspace.Reserve && kv.MayUseReserve(ctx):
		return nil
	}
	return kv.ErrFull
}
