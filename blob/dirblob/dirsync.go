package dirblob

import (
	"errors"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// dirSyncer syncs directories, one sync at a time. Who asks while a sync is
// running shares the next one with all others that ask for the same directory.
type dirSyncer struct {
	fs      vfs.FS
	running sync.Mutex

	mu      sync.Mutex
	waiting map[string]*dirSync
}

type dirSync struct {
	done chan struct{}
	err  error
}

// sync returns when all names that were changed in dir before the call are
// durable.
func (d *dirSyncer) sync(dir string) error {
	d.mu.Lock()
	next, joined := d.waiting[dir]
	if !joined {
		next = &dirSync{done: make(chan struct{})}
		if d.waiting == nil {
			d.waiting = make(map[string]*dirSync)
		}
		d.waiting[dir] = next
	}
	d.mu.Unlock()
	if joined {
		<-next.done
		return next.err
	}

	d.running.Lock()
	defer d.running.Unlock()
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
