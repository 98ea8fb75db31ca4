package dirblob

import (
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// dirSyncer syncs directories, one sync at a time. Who asks while a sync is
// running shares the next one with all others that ask for the same directory.
type dirSyncer struct {
	fs vfs.FS
	// running holds a token while a sync is running.
	running chan struct{}

	mu      sync.Mutex
	waiting map[string]*dirSync
}

type dirSync struct {
	done chan struct{}
	err  error
}

func newDirSyncer(fs vfs.FS) *dirSyncer {
	return &dirSyncer{fs: fs, running: make(chan struct{}, 1), waiting: make(map[string]*dirSync)}
}

// sync returns when all names that were changed in dir before the call are
// durable.
func (d *dirSyncer) sync(dir string) error {
	d.mu.Lock()
	next, joined := d.waiting[dir]
	if !joined {
		next = &dirSync{done: make(chan struct{})}
		d.waiting[dir] = next
	}
	d.mu.Unlock()
	if joined {
		<-next.done
		return next.err
	}

	d.running <- struct{}{}
	defer func() { <-d.running }()
	d.mu.Lock()
	delete(d.waiting, dir) // later callers need a sync of their own
	d.mu.Unlock()
	next.err = d.syncNow(dir)
	close(next.done)
	return next.err
}

func (d *dirSyncer) syncNow(dir string) error {
	handle, err := d.fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
