package promises

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"poststube/mail"
)

// TestPowerCut cuts the power under the whole engine, while several people work
// and others read. At each cut the disk keeps what was synced, and none, half or
// all of the rest. What is left must open, pass verify, and hold every mailbox
// either as it was acknowledged or as the command under way leaves it; what a
// reader was shown must be there too, and search must find what is there.
func TestPowerCut(t *testing.T) {
	start := time.Now()
	var sum powerCut
	seeds := uint64(0)
	for left := rounds(t, 150); left > 0; left -= cutsPerDisk {
		p := &powerCut{}
		seeds++
		if err := p.run(nil, seeds, min(left, cutsPerDisk)); err != nil {
			t.Fatalf("seed %d: %v", seeds, err)
		}
		sum.cuts, sum.acked, sum.shown, sum.searches = sum.cuts+p.cuts, sum.acked+p.acked, sum.shown+p.shown, sum.searches+p.searches
	}
	if sum.acked < 20*sum.cuts || sum.shown < sum.cuts/20 {
		t.Errorf("%d commands acknowledged, %d states shown: too few to prove anything", sum.acked, sum.shown)
	}
	tried(t, "%d cuts of power, %d seeds, %d commands acknowledged, %d mailboxes shown to readers, %d searches, %.0f s",
		sum.cuts, seeds, sum.acked, sum.shown, sum.searches, time.Since(start).Seconds())
}

// cutsPerDisk is after how many cuts a run begins with an empty disk: each cut
// looks at all that is there.
const cutsPerDisk = 25

// TestPowerCutFinds proves the rig: it must catch a disk that says that it has
// synced and has not.
func TestPowerCutFinds(t *testing.T) {
	p := &powerCut{}
	err := p.run(&lyingFS{}, 1, cutsPerDisk)
	if err == nil {
		t.Errorf("a disk that does not sync was not noticed in %d cuts", p.cuts)
	}
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	tried(t, "noticed after %d cuts: %s", p.cuts, line)
}

// A powerCut is one run.
type powerCut struct {
	load                         sync.RWMutex // held for writing while a cut is examined
	rng                          *rand.Rand
	b                            *building
	writers                      []writer
	cuts, acked, shown, searches int
}

// slowSyncs lets syncs take their time, as those of a real disk do: what happens
// during a sync is what power cuts are about.
func slowSyncs(fs vfs.FS) vfs.FS {
	return errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData {
			for range rand.IntN(50) {
				runtime.Gosched()
			}
		}
		return nil
	}))
}

// run cuts the power a number of times. A liar, if there is one, begins to lie when
// the writers begin to write.
func (p *powerCut) run(liar *lyingFS, seed uint64, cuts int) error {
	p.rng = rand.New(rand.NewPCG(seed, 99))
	mem := vfs.NewCrashableMem()
	var err error
	fs := slowSyncs(mem)
	if liar != nil {
		liar.FS = fs
		fs = liar
	}
	if p.b, err = open(fs); err != nil {
		return err
	}
	if err := p.b.settlePeople(); err != nil {
		return err
	}
	if p.writers, err = shift(p.b.service(), seed, 5, 2, 1); err != nil {
		return err
	}
	if liar != nil {
		liar.lies.Store(true)
	}
	stop := make(chan struct{})
	errs := make(chan error, 2*len(p.writers))
	var work sync.WaitGroup
	started := 0
	for _, w := range p.writers {
		if err := w.sit(p.b); err != nil {
			return err
		}
		if c, ok := w.(*courier); ok {
			c.limit = 2 * cutsPerDisk // each cut reads all
		}
		started++
		work.Go(func() { errs <- until(stop, &p.load, w.turn) })
		if h, ok := w.(*hand); ok {
			started++
			work.Go(func() { errs <- until(stop, &p.load, func() error { return h.look(p.b) }) })
		}
	}
	var problem error
	for ; p.cuts < cuts && problem == nil && len(errs) == 0; p.cuts++ {
		for range p.rng.IntN(2000) {
			runtime.Gosched()
		}
		problem = p.cut(mem)
	}
	close(stop)
	work.Wait()
	for range started {
		problem = errors.Join(problem, <-errs)
	}
	for _, w := range p.writers {
		p.acked += w.done()
		if h, ok := w.(*hand); ok {
			p.shown += len(h.seen)
		}
	}
	return errors.Join(problem, p.b.close())
}

// until does something again and again until stop, but not during a cut.
func until(stop <-chan struct{}, load *sync.RWMutex, turn func() error) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		load.RLock()
		err := turn()
		load.RUnlock()
		if err != nil {
			return err
		}
		runtime.Gosched()
	}
}

// look reads what the hand has made, as another session of the same person does,
// and remembers what it was shown.
func (h *hand) look(b *building) error {
	h.Lock()
	var name string
	for n := range h.acked {
		name = n
		break
	}
	h.Unlock()
	u, err := b.as(h.user)
	if err != nil {
		return err
	}
	s, err := u.Status(background, name, mail.WantAllStatus)
	if err == nil {
		h.Lock()
		h.seen[place{isForeign(name), s.UIDValidity}] = shown{s.UIDNext, uint64(s.HighestModSeq)}
		h.Unlock()
	} else if k := mail.KindOf(err); k != mail.NotFound && k != mail.Invalid {
		return fmt.Errorf("status of %q: %w", name, err)
	}
	return nil
}

// cut takes the power from a copy of the disk and looks at what is left.
func (p *powerCut) cut(mem *vfs.MemFS) (err error) {
	ledgers := make([]writer, len(p.writers))
	for i, w := range p.writers {
		w.Lock()
		ledgers[i] = w.clone()
	}
	left := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * p.rng.IntN(3), RNG: p.rng})
	for _, w := range p.writers {
		w.Unlock()
	}
	p.load.Lock() // the load waits, so that the time goes into cuts
	defer p.load.Unlock()
	b, err := open(left)
	if err != nil {
		return fmt.Errorf("cut %d: opening what is left: %w", p.cuts, err)
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.check(); err != nil {
		return fmt.Errorf("cut %d: %w", p.cuts, err)
	}
	for i, l := range ledgers {
		if err := l.settle(b); err != nil {
			return fmt.Errorf("cut %d: %w", p.cuts, err)
		}
		if h, ok := l.(*hand); ok && p.cuts%10 == i {
			if err := p.search(b, h.user, h.acked); err != nil {
				return fmt.Errorf("cut %d: %w", p.cuts, err)
			}
		}
	}
	return nil
}

// search indexes what a cut left and looks for one message in each mailbox.
func (p *powerCut) search(b *building, user string, found store) error {
	if err := b.engine.IndexAll(background, nil); err != nil {
		return err
	}
	u, err := b.as(user)
	if err != nil {
		return err
	}
	for name, f := range found {
		box, err := u.Open(background, name)
		if err != nil {
			return err
		}
		s, err := box.State(background, false)
		if err != nil {
			return err
		}
		for _, m := range f.messages {
			got, err := box.Search(background, s.UIDs, &mail.Query{Op: mail.QBody, Text: "hello " + m.subject}, false)
			if err != nil {
				return err
			}
			want := 0
			for _, other := range f.messages {
				if strings.HasPrefix(other.subject, m.subject) {
					want++
				}
			}
			if got.UIDs.Len() != want {
				return fmt.Errorf("%s: a search for %q finds %v, want %d", name, m.subject, got.UIDs, want)
			}
			p.searches++
			break
		}
	}
	return nil
}

// lyingFS forgets to sync the write-ahead log.
type lyingFS struct {
	vfs.FS
	lies atomic.Bool
}

func (l *lyingFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.Create(name, c)
	if err != nil || !strings.HasSuffix(name, ".log") {
		return f, err
	}
	return lyingFile{f, l}, nil
}

func (l *lyingFS) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.ReuseForWrite(oldname, newname, c)
	if err != nil {
		return f, err
	}
	return lyingFile{f, l}, nil
}

type lyingFile struct {
	vfs.File
	fs *lyingFS
}

func (f lyingFile) Sync() error {
	if f.fs.lies.Load() {
		return nil
	}
	return f.File.Sync()
}

func (f lyingFile) SyncData() error {
	if f.fs.lies.Load() {
		return nil
	}
	return f.File.SyncData()
}

func (f lyingFile) SyncTo(n int64) (bool, error) {
	if f.fs.lies.Load() {
		return false, nil
	}
	return f.File.SyncTo(n)
}
