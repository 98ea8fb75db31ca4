package mail

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"poststube/blob"
	"poststube/directory"
	"poststube/kv"
	"poststube/notify"
)

// Config is what an engine stands on. DB, Blobs, Bus and Directory are needed;
// the rest has defaults.
type Config struct {
	DB        kv.DB
	Blobs     blob.Store
	Bus       notify.Bus
	Directory *directory.Directory
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: slog.Default
	// MaxMessage is the size of the largest message taken, in octets; 0 means
	// 50 MiB.
	MaxMessage int64
	// MaxMailboxes is how many mailboxes one owner may have; 0 means 20,000.
	MaxMailboxes int
	// MaxKeywords is how many keywords the messages of one mailbox may have
	// together, at most 65,535; 0 means 500.
	MaxKeywords int
	// OtherUsersPrefix and SharedPrefix are where the mailboxes of other
	// people and of groups are seen, with the separator at their end. They
	// are never empty: clients take everything under an empty prefix for
	// shared.
	OtherUsersPrefix string // "": "Users/"
	SharedPrefix     string // "": "Shared/"
	// OnGrant, if not nil, is called after people were given the right to see
	// a mailbox. It must return at once.
	OnGrant func(Grant)
}

// An Engine keeps the mail of all owners. It is safe for concurrent use.
type Engine struct {
	db     kv.DB
	blobs  blob.Store
	bus    notify.Bus
	dir    *directory.Directory
	now    func() time.Time
	log    *slog.Logger
	config Config
	ids    cipher.Block

	nextBody      atomic.Uint64
	writes        atomic.Uint64 // updates and uploads so far
	recentChanges recentChanges
	surveys       surveys
	personals     personals
	fetching      sync.Pool // of *fetchMemory
	columns       columnCache
	turns         *turns
	purging       sync.Mutex
	indexer       indexer

	mu          sync.Mutex
	trees       map[directory.ID]*tree
	provisioned map[directory.ID]bool
	recent      map[MailboxID]uint32 // \Recent claimed below this UID
	keywords    map[MailboxID][]string
}

// Open opens the engine on a store, which it sets up if it is empty. It refuses
// a store that a newer version wrote.
func Open(ctx context.Context, c Config) (*Engine, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = 50 << 20
	}
	if c.MaxMailboxes == 0 {
		c.MaxMailboxes = 20_000
	}
	if c.MaxKeywords == 0 {
		c.MaxKeywords = 500
	}
	if c.OtherUsersPrefix == "" {
		c.OtherUsersPrefix = "Users" + separator
	}
	if c.SharedPrefix == "" {
		c.SharedPrefix = "Shared" + separator
	}
	e := &Engine{db: c.DB, blobs: c.Blobs, bus: c.Bus, dir: c.Directory, now: c.Now, log: c.Log, config: c, indexer: newIndexer(c.DB), turns: newTurns()}
	e.forget()
	secret, err := e.openStore(ctx)
	if err != nil {
		return nil, err
	}
	e.ids, err = aes.NewCipher(secret)
	return e, err
}

// forget empties the caches.
func (e *Engine) forget() {
	e.columns.clear()
	e.personals.clear()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trees = make(map[directory.ID]*tree)
	e.provisioned = make(map[directory.ID]bool)
	e.recent = make(map[MailboxID]uint32)
	e.keywords = make(map[MailboxID][]string)
	e.recentChanges.rings = make(map[MailboxID]*ring)
}

// openStore reads, or makes at first, the values that the engine as a whole
// needs, and finds the first free body number. It writes only when it makes them:
// a full disk must not keep a server from starting.
func (e *Engine) openStore(ctx context.Context) (secret []byte, err error) {
	err = e.db.View(ctx, func(r kv.Reader) (err error) {
		secret, err = e.readStore(r)
		return err
	})
	if secret != nil || err != nil {
		return secret, err
	}
	err = e.db.Update(ctx, []string{"engine"}, func(tx kv.Tx) error {
		fresh := make([]byte, 16)
		rand.Read(fresh)
		if err := tx.Set(FormatKey(), FormatValue()); err != nil {
			return err
		}
		if err := tx.Set(globalKey("secret"), fresh); err != nil {
			return err
		}
		secret, err = e.readStore(tx)
		return err
	})
	return secret, err
}

// readStore returns no secret if nothing is stored yet.
func (e *Engine) readStore(r kv.Reader) (secret []byte, err error) {
	format, err := formatIn(r)
	if err != nil || format == 0 {
		return nil, err
	}
	v, err := r.Get(globalKey("secret"))
	if err != nil {
		return nil, err
	}
	secret = append([]byte(nil), v...)
	e.nextBody.Store(1)
	for p := range r.ScanDown([]byte{bodyPrefix}, []byte{bodyPrefix + 1}) {
		e.nextBody.Store(binary.BigEndian.Uint64(p.Key[1:]) + 1)
		break
	}
	return secret, r.Err()
}

// Close ends the engine's work. The parts in Config stay open.
func (e *Engine) Close() error {
	e.columns.clear()
	return nil
}

// MaxMessage is the size of the largest message that is taken, in octets.
func (e *Engine) MaxMessage() int64 { return e.config.MaxMessage }

// tree returns the owner's tree at a version, from the cache or from r.
func (e *Engine) tree(r kv.Reader, owner directory.ID, version ModSeq) (*tree, error) {
	e.mu.Lock()
	t := e.trees[owner]
	e.mu.Unlock()
	if t != nil && t.version == version {
		return t, nil
	}
	t, err := loadTree(r, owner, version)
	if err != nil {
		return nil, err
	}
	e.keepTree(t)
	return t, nil
}

// maxTrees bounds the cache of trees; a full cache starts anew.
const maxTrees = 20000

func (e *Engine) keepTree(t *tree) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if old := e.trees[t.owner]; old != nil && old.version > t.version {
		return
	}
	if len(e.trees) >= maxTrees {
		clear(e.trees)
	}
	e.trees[t.owner] = t
}

// failure gives an error from below a kind, and logs what is our fault.
func (e *Engine) failure(ctx context.Context, op string, err error) error {
	var known *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, kv.ErrFull), errors.Is(err, blob.ErrFull):
		return &Error{Kind: Full, Text: "the server's storage is full, nothing was changed", Err: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: Unavailable, Text: "the server ended the command before it was done", Err: err}
	case errors.Is(err, kv.ErrClosed):
		return &Error{Kind: Unavailable, Text: "the server is shutting down", Err: err}
	case errors.Is(err, errRecord), errors.Is(err, kv.ErrDamaged):
		e.log.LogAttrs(ctx, slog.LevelError, "stored data is damaged", slog.String("op", op), slog.Any("err", err))
		return &Error{Kind: Corrupt, Text: "stored data is damaged, the server's log has more", Err: err}
	}
	e.log.LogAttrs(ctx, slog.LevelError, "operation failed", slog.String("op", op), slog.Any("err", err))
	return &Error{Kind: Internal, Text: "internal error, the server's log has the cause", Err: err}
}

// ObjectID returns the server-wide name of an owner's object (RFC 8474): kind is
// 'E' for an email, 'M' for a mailbox, 'T' for a thread. The names are
// encrypted, so that they tell nothing about how many others there are.
func (e *Engine) ObjectID(kind byte, owner directory.ID, n uint64) string {
	var b [aes.BlockSize]byte
	b[0] = kind
	binary.BigEndian.PutUint32(b[1:], uint32(owner))
	binary.BigEndian.PutUint64(b[8:], n)
	e.ids.Encrypt(b[:], b[:])
	return string(kind) + idEncoding.EncodeToString(b[:])
}

// ParseObjectID reads what ObjectID made; ok is false for anything else.
func (e *Engine) ParseObjectID(kind byte, id string) (owner directory.ID, n uint64, ok bool) {
	if len(id) < 1 || id[0] != kind {
		return 0, 0, false
	}
	b, err := idEncoding.DecodeString(id[1:])
	if err != nil || len(b) != aes.BlockSize {
		return 0, 0, false
	}
	e.ids.Decrypt(b, b)
	if b[0] != kind || b[5] != 0 || b[6] != 0 || b[7] != 0 {
		return 0, 0, false
	}
	return directory.ID(binary.BigEndian.Uint32(b[1:])), binary.BigEndian.Uint64(b[8:]), true
}

// idEncoding uses only what RFC 8474 section 4 allows in an object id.
var idEncoding = base64.RawURLEncoding
