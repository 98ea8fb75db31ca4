package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"poststube/admin"
	"poststube/blob/dirblob"
	"poststube/directory"
	"poststube/kv"
	"poststube/kv/pebblekv"
	"poststube/mail"
	"poststube/notify/localbus"
)

// A Store is what lies in a data directory, open, with the engine on top:
//
//	DIR/kv/           records, small messages, the change log (Pebble)
//	DIR/blob/         large messages, one file each
//	DIR/tls/          the self-signed certificate
//	DIR/control.sock  where a running server takes commands
type Store struct {
	Directory *directory.Directory
	Engine    *mail.Engine
	// Failed receives an error when the store can no longer write: the server
	// must stop, and a restart will show what is on disk.
	Failed <-chan error

	dir       string
	db        *pebblekv.DB
	blobs     *heldBlobs
	backingUp sync.Mutex

	closers []io.Closer // in the order of opening
}

// traceRoom is what delivery puts on top of a message: the limit that a client
// is told holds for what the client sends.
const traceRoom = 8 << 10

// OpenStore opens the store in dir and makes it if there is none. It fails with
// a sentence that says who holds dir when another process has it open.
//
// From then on the process makes files for its owner alone (umask 077): Pebble and
// others leave that to the umask, and the directory should not be all that protects
// mail.
func OpenStore(ctx context.Context, dir string, c *Config, log *slog.Logger) (*Store, error) {
	return openStore(ctx, dir, c, log, hooks{})
}

// hooks are told what happens in a store.
type hooks struct {
	commit func(time.Duration)
	login  func(proto string, ok bool)
}

func openStore(ctx context.Context, dir string, c *Config, log *slog.Logger, h hooks) (*Store, error) {
	syscall.Umask(0o077)
	s := &Store{}
	err := s.open(ctx, dir, c, log, h)
	if errors.Is(err, kv.ErrFull) {
		err = fmt.Errorf("the disk of %s has less free space than storage.min_free, %s: make room, or lower that (%w)", dir, c.Storage.MinFree, err)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, dir string, c *Config, log *slog.Logger, h hooks) error {
	if err := makeDataDir(dir); err != nil {
		return refuseAccess(err)
	}
	if err := checkOwner(dir, os.Geteuid()); err != nil {
		return refuse(err)
	}
	failed := make(chan error, 1)
	s.Failed = failed
	var bodies pebblekv.Range
	bodies.Lo, bodies.Hi = mail.BodyKeys()
	db, err := pebblekv.Open(filepath.Join(dir, "kv"), pebblekv.Options{
		CacheSize:    int64(c.Storage.Cache),
		MemTableSize: uint64(c.Storage.MemTable),
		MinFree:      uint64(c.Storage.MinFree),
		Ballast:      int64(c.Storage.Ballast),
		Heaps:        []pebblekv.Range{bodies},
		Compress:     c.Storage.Compress,
		OnFatal:      func(err error) { failed <- err },
		OnCommit:     h.commit,
		Log:          log,
	})
	var held *pebblekv.InUseError
	if errors.As(err, &held) {
		return &InUseError{Dir: dir, PID: held.PID}
	}
	if err != nil {
		return err
	}
	s.dir, s.db = dir, db
	s.closers = append(s.closers, db)
	blobs, err := dirblob.Open(filepath.Join(dir, "blob"), dirblob.Options{MinFree: uint64(c.Storage.MinFree), Log: log})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, blobs)
	s.blobs = &heldBlobs{Store: blobs}
	values, err := openFormat(ctx, db, log)
	if err != nil {
		return err
	}
	bus := localbus.New()
	options := directory.Options{Domains: c.Domains, Bus: bus, OnLogin: h.login, Log: log, Adopt: c.LDAP.Adopt}
	options.CreateFromTokens, options.AdoptFromTokens = c.OIDC.Create, c.OIDC.Adopt
	tokens, err := c.OIDC.tokens()
	if err != nil {
		return refuse(err)
	}
	if tokens != nil {
		options.Tokens = tokens
	}
	source, err := c.LDAP.source()
	if err != nil {
		return refuse(err)
	}
	if source != nil {
		options.Source = source
		s.closers = append(s.closers, source)
	}
	if s.Directory, err = directory.Open(ctx, values, options); err != nil {
		return err
	}
	s.closers = append(s.closers, closer(s.Directory.Close))
	config := mail.Config{
		DB: values, Blobs: s.blobs, Bus: bus, Directory: s.Directory, Log: log,
		MaxMessage: int64(c.Limits.MessageSize) + traceRoom, MaxMailboxes: c.Limits.Mailboxes, MaxKeywords: c.Limits.Keywords, OtherUsersPrefix: c.Names.OtherUsers, SharedPrefix: c.Names.Shared,
	}
	if !c.Sharing.Announce {
		return s.openEngine(ctx, config)
	}
	a, err := newAnnouncer(c.Sharing.Language, c.hostName(), log)
	if err != nil {
		return err
	}
	config.OnGrant = a.tell
	if err := s.openEngine(ctx, config); err != nil {
		return err
	}
	go a.run(s.Engine)
	s.closers = append(s.closers, a)
	return nil
}

// makeDataDir makes the directory if it is not there, and finds out whether it can
// be written to before the back ends do, which say it less clearly.
func makeDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the data directory %s cannot be made: %w: make it for the user that runs poststube, or name another with --data", dir, err)
	}
	f, err := os.CreateTemp(dir, ".writable")
	if err != nil {
		return fmt.Errorf("the data directory %s cannot be written to: %w: give it to the user that runs poststube, or name another with --data", dir, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (s *Store) openEngine(ctx context.Context, c mail.Config) (err error) {
	if s.Engine, err = mail.Open(ctx, c); err != nil {
		return err
	}
	s.closers = append(s.closers, s.Engine)
	return nil
}

// Admin returns what an administrator can ask of the store.
func (s *Store) Admin() *admin.Local {
	return &admin.Local{Directory: s.Directory, Engine: s.Engine, Reason: "command line", Save: s.Backup, CheckStore: s.db.Check}
}

// Close closes the store, last opened first.
func (s *Store) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i].Close())
	}
	s.closers = nil
	return errors.Join(errs...)
}

type closer func()

func (c closer) Close() error {
	c()
	return nil
}

// An InUseError says that another process has the data directory open.
type InUseError struct {
	Dir string
	PID int // 0 if unknown
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is in use by another process: stop it, or choose another directory with --data", e.Dir)
	}
	return fmt.Sprintf("%s is in use by process %d: stop it, or choose another directory with --data", e.Dir, e.PID)
}
