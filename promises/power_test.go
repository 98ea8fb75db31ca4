package promises

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
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
	for left := rounds(t, 500); left > 0; left -= cutsPerDisk {
		p := &powerCut{}
		seeds++
		if err := p.run(func(fs vfs.FS) vfs.FS { return fs }, seeds, min(left, cutsPerDisk)); err != nil {
			t.Fatalf("seed %d: %v", seeds, err)
		}
		sum.cuts, sum.acked, sum.shown, sum.searches = sum.cuts+p.cuts, sum.acked+p.acked, sum.shown+p.shown, sum.searches+p.searches
	}
	if sum.acked < sum.cuts || sum.shown < sum.cuts/20 {
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
	err := p.run(func(fs vfs.FS) vfs.FS { return &lyingFS{FS: fs} }, 1, cutsPerDisk)
	if err == nil {
		t.Errorf("a disk that does not sync was not noticed in %d cuts", p.cuts)
	}
	line, _, _ := strings.Cut(fmt.Sprint(err), "\n")
	tried(t, "noticed after %d cuts: %s", p.cuts, line)
}

// A powerCut is one run. Each hand is a client with mailboxes of its own.
type powerCut struct {
	load                         sync.RWMutex // held for writing while a cut is examined
	rng                          *rand.Rand
	b                            *building
	hands                        []*hand
	cuts, acked, shown, searches int
}

type hand struct {
	*generator
	user string

	mu      sync.Mutex
	acked   store
	pending *op
	count   int
	// seen is the newest of what a reader was shown, by UIDVALIDITY.
	seen map[uint32]shown
}

type shown struct {
	next    uint32
	highest uint64
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

func (p *powerCut) run(wrap func(vfs.FS) vfs.FS, seed uint64, cuts int) error {
	p.rng = rand.New(rand.NewPCG(seed, 99))
	mem := vfs.NewCrashableMem()
	var err error
	if p.b, err = open(wrap(slowSyncs(mem))); err != nil {
		return err
	}
	if err := p.b.settlePeople(); err != nil {
		return err
	}
	for i := range 6 {
		p.hands = append(p.hands, &hand{
			generator: &generator{Rand: rand.New(rand.NewPCG(seed, uint64(i))), prefix: fmt.Sprintf("w%dx", i), others: []string{"clara", "dora"}},
			user:      people[i%2], acked: store{}, seen: map[uint32]shown{},
		})
	}
	stop := make(chan struct{})
	errs := make(chan error, 2*len(p.hands))
	var work sync.WaitGroup
	for _, h := range p.hands {
		work.Go(func() { errs <- h.work(p.b, &p.load, stop) })
		work.Go(func() { errs <- h.look(p.b, &p.load, stop) })
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
	for range 2 * len(p.hands) {
		problem = errors.Join(problem, <-errs)
	}
	for _, h := range p.hands {
		p.acked += h.count
		p.shown += len(h.seen)
	}
	return errors.Join(problem, p.b.close())
}

// work gives commands until stop.
func (h *hand) work(b *building, load *sync.RWMutex, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		h.mu.Lock()
		o := h.next(h.acked)
		h.pending = &o
		h.mu.Unlock()
		load.RLock()
		got, err := b.do(h.user, o)
		load.RUnlock()
		if err != nil {
			return fmt.Errorf("%v: %w", o, err)
		}
		h.mu.Lock()
		h.acked.apply(o)
		err = h.acked.learn(o, got)
		h.pending = nil
		h.count++
		h.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// look reads what the hand has made, as another session of the same person does,
// and remembers what it was shown.
func (h *hand) look(b *building, load *sync.RWMutex, stop <-chan struct{}) error {
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		h.mu.Lock()
		var name string
		for n := range h.acked {
			name = n
			break
		}
		h.mu.Unlock()
		u, err := b.as(h.user)
		if err != nil {
			return err
		}
		load.RLock()
		s, err := u.Status(background, name, mail.WantAllStatus)
		load.RUnlock()
		if err == nil {
			h.mu.Lock()
			h.seen[s.UIDValidity] = shown{s.UIDNext, uint64(s.HighestModSeq)}
			h.mu.Unlock()
		} else if k := mail.KindOf(err); k != mail.NotFound && k != mail.Invalid {
			return fmt.Errorf("status of %q: %w", name, err)
		}
		runtime.Gosched()
	}
}

// A moment is what a hand knows when the power goes.
type moment struct {
	acked   store
	pending *op
	seen    map[uint32]shown
}

// cut takes the power from a copy of the disk and looks at what is left.
func (p *powerCut) cut(mem *vfs.MemFS) (err error) {
	moments := make([]moment, len(p.hands))
	for i, h := range p.hands {
		h.mu.Lock()
		moments[i] = moment{acked: h.acked.clone(), seen: map[uint32]shown{}}
		if h.pending != nil {
			o := *h.pending
			moments[i].pending = &o
		}
		for k, v := range h.seen {
			moments[i].seen[k] = v
		}
	}
	left := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50 * p.rng.IntN(3), RNG: p.rng})
	for _, h := range p.hands {
		h.mu.Unlock()
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
	for i, h := range p.hands {
		found, err := b.read(h.user, h.prefix)
		if err != nil {
			return fmt.Errorf("cut %d: client %d: %w", p.cuts, i, err)
		}
		if err := settle(moments[i].acked, moments[i].pending, found); err != nil {
			return fmt.Errorf("cut %d: client %d: %w", p.cuts, i, err)
		}
		for name, f := range found {
			if s := moments[i].seen[f.validity]; f.next < s.next || f.highest < s.highest {
				return fmt.Errorf("cut %d: %s was shown with UIDNEXT %d and HIGHESTMODSEQ %d, now it has %d and %d", p.cuts, name, s.next, s.highest, f.next, f.highest)
			}
		}
		if p.cuts%10 == i {
			if err := p.search(b, h.user, found); err != nil {
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
type lyingFS struct{ vfs.FS }

func (l *lyingFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.Create(name, c)
	if err != nil || !strings.HasSuffix(name, ".log") {
		return f, err
	}
	return lyingFile{f}, nil
}

func (l *lyingFS) ReuseForWrite(oldname, newname string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.ReuseForWrite(oldname, newname, c)
	if err != nil {
		return f, err
	}
	return lyingFile{f}, nil
}

type lyingFile struct{ vfs.File }

func (lyingFile) Sync() error                  { return nil }
func (lyingFile) SyncData() error              { return nil }
func (f lyingFile) SyncTo(int64) (bool, error) { return false, nil }
