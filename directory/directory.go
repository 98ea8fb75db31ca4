// Package directory knows the people and groups of the server: their names,
// ids, addresses, memberships and passwords, and it answers logins.
//
// Start reading at principal.go, then keys.go, which shows all that is stored.
// Names and addresses become principals in lookup.go and resolve.go, group
// membership in members.go and closure.go, passwords in verify.go and the
// SASL mechanisms in sasl.go. All changes go through Directory.update in
// change.go.
//
// People and groups can come from a Source, such as an LDAP server: see source.go.
// Sync in sync.go takes them over, and callers know no more of it.
//
// Nothing is loaded at start; lookups read the store and keep bounded caches,
// so 100,000 people cost no more memory than ten.
package directory

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"poststube/kv"
	"poststube/notify"
)

// Options set up a Directory. The zero value is fit for production.
type Options struct {
	// Domains are served here: people and addresses without a domain receive
	// in each of them. With none, they receive in any domain.
	Domains []string

	// Argon sets the cost of argon2id hashes; zero means DefaultArgon.
	Argon ArgonParams

	// SCRAMIterations is the PBKDF2 count of SCRAM verifiers: 0 means 4096
	// (RFC 7677 section 4). A negative value stores no SCRAM verifiers with
	// new passwords: see the comment on passwords in password.go.
	SCRAMIterations int

	// Source, if not nil, is where people and groups come from besides those
	// that are added here; see Sync. With a source SCRAM is not offered, since
	// sources check passwords and do not hand out what SCRAM needs.
	Source Source
	// Adopt lets Sync make people and groups of the same name that are here
	// already the source's.
	Adopt bool

	// Tokens, if not nil, lets people log in with bearer tokens: OAUTHBEARER
	// and XOAUTH2 are offered then.
	Tokens Tokens
	// CreateFromTokens adds people and groups whom a token names and who are
	// not here.
	CreateFromTokens bool
	// AdoptFromTokens lets tokens decide who is in a group of that name that
	// was added here.
	AdoptFromTokens bool

	// Bus carries hints about changes, see Topic; nil means none.
	Bus notify.Bus

	// Now is the clock of login penalties; nil means time.Now.
	Now func() time.Time

	// OnLogin, if not nil, is called for each login that has succeeded or failed,
	// with the protocol of its Origin; for the right password of one person with
	// the authorization identity of another, it is called for both. It must not
	// wait.
	OnLogin func(proto string, ok bool)

	// Log receives a line "auth failed" per failed login; nil means slog.Default().
	Log *slog.Logger
}

// A Directory answers questions about people and groups and changes them. It
// is safe for concurrent use.
type Directory struct {
	db      kv.DB
	bus     notify.Bus
	hints   notify.Subscription // nil without a bus
	log     *slog.Logger
	domains map[string]bool
	source  Source // nil: none
	adopt   bool
	syncing sync.Mutex
	tokens  Tokens // nil: none

	createFromTokens, adoptFromTokens bool

	onLogin func(proto string, ok bool)

	policy   policy
	secret   []byte // keys the answers for names that do not exist
	hashing  *line
	logins   *loginCache
	throttle *throttle

	byID      *cache[ID, Principal]
	byName    *cache[string, Principal]
	noName    *cache[string, struct{}] // that nobody has
	byAddress *cache[address, Principal]
	closures  *cache[ID, []ID]
	parents   *cache[struct{}, graph]

	epochMu sync.Mutex
	epoch   uint64 // the last change whose effects the caches show
}

// cacheSize is the number of entries that each cache keeps at least; with about
// 100 bytes an entry a full cache of principals takes 2 to 4 MB.
const cacheSize = 16384

// Open returns the directory that is stored in db, and makes an empty one there
// if there is none. It fails with ErrInvalid when an option is not usable.
func Open(ctx context.Context, db kv.DB, o Options) (*Directory, error) {
	policy, err := newPolicy(o)
	if err != nil {
		return nil, err
	}
	d := &Directory{
		db:        db,
		bus:       o.Bus,
		log:       o.Log,
		source:    o.Source,
		adopt:     o.Adopt,
		domains:   make(map[string]bool),
		policy:    policy,
		hashing:   newLine(policy.parallel),
		throttle:  newThrottle(o.Now),
		onLogin:   o.OnLogin,
		byID:      newCache[ID, Principal](cacheSize),
		byName:    newCache[string, Principal](cacheSize),
		noName:    newCache[string, struct{}](cacheSize),
		byAddress: newCache[address, Principal](cacheSize),
		closures:  newCache[ID, []ID](cacheSize),
		parents:   newCache[struct{}, graph](1),

		tokens:           o.Tokens,
		createFromTokens: o.CreateFromTokens,
		adoptFromTokens:  o.AdoptFromTokens,
	}
	if d.onLogin == nil {
		d.onLogin = func(string, bool) {}
	}
	if d.log == nil {
		d.log = slog.Default()
	}
	if d.logins, err = newLoginCache(); err != nil {
		return nil, err
	}
	for _, s := range o.Domains {
		domain, err := cleanDomain(s)
		if err != nil {
			return nil, err
		}
		d.domains[domain] = true
	}
	if err := d.openState(ctx); err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	if d.bus != nil {
		d.hints = d.bus.Subscribe()
		d.hints.Set(topicAll)
	}
	return d, nil
}

// Close ends the subscription of the caches. The store stays open.
func (d *Directory) Close() {
	if d.hints != nil {
		d.hints.Close()
	}
}

// openState reads the secret and the counters, or makes them. It writes only what
// is missing: a full disk must not keep a server from starting.
func (d *Directory) openState(ctx context.Context) error {
	missing := false
	err := d.db.View(ctx, func(r kv.Reader) (err error) {
		missing, err = d.readState(r)
		return err
	})
	if err != nil || !missing {
		return err
	}
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return err
	}
	return d.db.Update(ctx, []string{lock}, func(tx kv.Tx) error {
		if _, err := d.readState(tx); err != nil {
			return err
		}
		if d.secret == nil {
			d.secret = fresh
			if err := tx.Set(textKey(tableState, "secret"), fresh); err != nil {
				return err
			}
		}
		return d.policy.remember(tx)
	})
}

// readState tells whether something is missing.
func (d *Directory) readState(r kv.Reader) (missing bool, err error) {
	secret, err := r.Get(textKey(tableState, "secret"))
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return false, err
	}
	d.secret = slices.Clone(secret)
	if d.epoch, err = counter(r, "epoch", 0); err != nil {
		return false, err
	}
	known, err := d.policy.known(r)
	return !known || d.secret == nil, err
}

// counter reads a number of the state table.
func counter(r kv.Reader, name string, missing uint64) (uint64, error) {
	b, err := r.Get(textKey(tableState, name))
	if errors.Is(err, kv.ErrNotFound) {
		return missing, nil
	}
	if err != nil {
		return 0, err
	}
	if len(b) != 8 {
		return 0, corrupt("counter", b)
	}
	return binary.BigEndian.Uint64(b), nil
}

func setCounter(tx kv.Tx, name string, n uint64) error {
	return tx.Set(textKey(tableState, name), binary.BigEndian.AppendUint64(nil, n))
}
