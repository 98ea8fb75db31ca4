// Package house is the whole server on stores in memory, for dialogues: the
// engine, and IMAP, LMTP and Dovecot's authentication protocol in front of it. It
// is a dialogue.World.
//
// Settings that it knows:
//
//	user NAME [PASSWORD]           adds a person; the password is "secret" if none is given
//	group NAME MEMBER…             adds a group
//	join GROUP MEMBER…             makes people or groups members of a group
//	leave GROUP MEMBER…            ends that
//	remove NAME                    removes a person or a group
//	mailbox OWNER PATH             makes a mailbox of a person or a group
//	mount PERSON MAILBOX PATH      mounts a mailbox, by its name for the person, in their tree
//	allow OWNER PATH WHO RIGHTS    gives rights; WHO as in SETACL, such as ben or $sales
//	annotate ENTRY VALUE…          sets an annotation of the server
//	quota OWNER OCTETS MESSAGES    limits what somebody owns; 0 is no limit
//	deliver ADDRESS FILE           delivers the file of the archive
//	limit NAME VALUE               sets a limit of the server, before the first connection
//	hide CLIENT USER CAPABILITY…   hides capabilities (imap.Profile), before the first connection
//	purge                          forgets what was deleted, and the change log until now
//	token TOKEN LIFE NAME GROUP…   makes a token that is good for a duration (NewWithTokens)
//	slow DURATION                  makes the engine wait before each look into the store
//	shutdown                       lets the server end its sessions
package house

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob/dirblob"
	"poststube/directory"
	"poststube/dovecotauth"
	"poststube/imap"
	"poststube/kv/pebblekv"
	"poststube/kv/sealed"
	"poststube/mail"
	"poststube/notify/localbus"
	"poststube/smtp"
)

// A House is a server with its stores.
type House struct {
	// Limits are those of IMAP; they may be changed before the first Dial.
	Limits imap.Limits
	// Profiles are those of IMAP; they may be changed before the first Dial.
	Profiles []imap.Profile

	fs      vfs.FS
	db      *pebblekv.DB
	counted countedDB // db, with what is above it
	slow    slowDB    // counted, for the engine
	blobs   *dirblob.Store
	dir     *directory.Directory
	engine  *mail.Engine
	imap    *imap.Server
	lmtp    *smtp.Server
	sasl    *dovecotauth.Server
	tls     *tls.Config

	tokens tokens // nil: none are taken

	ctx   context.Context
	stop  context.CancelFunc
	conns sync.WaitGroup
}

var silent = slog.New(slog.DiscardHandler)

// New returns a house on empty stores.
func New() (*House, error) { return open(&House{fs: vfs.NewMem()}) }

// NewWithTokens is New for a house that people can enter with bearer tokens, which
// are made by the setting "token".
func NewWithTokens() (*House, error) { return open(&House{fs: vfs.NewMem(), tokens: make(tokens)}) }

func open(h *House) (*House, error) {
	var err error
	if h.tls, err = selfSigned(); err != nil {
		return nil, err
	}
	return h, h.start()
}

// Engine returns the engine, for tests that look behind the protocols.
func (h *House) Engine() *mail.Engine { return h.engine }

// Directory returns the directory.
func (h *House) Directory() *directory.Directory { return h.dir }

// start opens the stores and what stands on them.
func (h *House) start() (err error) {
	ctx := context.Background()
	h.ctx, h.stop = context.WithCancel(ctx)
	if h.db, err = pebblekv.Open("kv", pebblekv.Options{FS: h.fs, MemTableSize: 4 << 20, Paranoid: true, Log: silent}); err != nil {
		return err
	}
	if h.blobs, err = dirblob.Open("blob", dirblob.Options{FS: h.fs, Log: silent}); err != nil {
		return err
	}
	h.counted.DB = sealed.New(h.db)
	h.slow.DB = &h.counted
	bus := localbus.New()
	options := directory.Options{
		Bus: bus, Log: silent,
		Argon: directory.ArgonParams{Time: 1, Memory: 64, Threads: 1}, // quick, for tests only
	}
	if h.tokens != nil {
		options.Tokens, options.CreateFromTokens = h.tokens, true
	}
	h.dir, err = directory.Open(ctx, &h.counted, options)
	if err != nil {
		return err
	}
	h.engine, err = mail.Open(ctx, mail.Config{DB: &h.slow, Blobs: h.blobs, Bus: bus, Directory: h.dir, Log: silent})
	if err != nil {
		return err
	}
	h.lmtp = smtp.NewServer(smtp.Config{Engine: h.engine, Hostname: "mx.example.org", Log: silent})
	h.sasl = dovecotauth.NewServer(dovecotauth.Config{Directory: h.dir, Log: silent})
	return nil
}

// IMAP returns the IMAP server, which is made when it is first asked for.
func (h *House) IMAP() *imap.Server {
	if h.imap == nil {
		h.imap = imap.NewServer(imap.Config{Engine: h.engine, Directory: h.dir, TLS: h.tls, Version: "1.0", Limits: h.Limits, Profiles: h.Profiles, Log: silent})
	}
	return h.imap
}

// Dial implements dialogue.World for imap, imaps, lmtp and sasl.
func (h *House) Dial(protocol string, remote netip.Addr) (net.Conn, error) {
	client, server := net.Pipe()
	conn := &remoteConn{server, remote}
	switch protocol {
	case "imap":
		srv := h.IMAP()
		h.conns.Go(func() { srv.ServeConn(conn, nil) })
	case "imaps":
		srv := h.IMAP()
		h.conns.Go(func() { srv.ServeConn(conn, h.tls) })
		return tls.Client(client, &tls.Config{InsecureSkipVerify: true}), nil
	case "lmtp":
		h.conns.Go(func() { h.lmtp.ServeConn(h.ctx, conn) })
	case "sasl":
		h.conns.Go(func() { h.sasl.ServeConn(h.ctx, conn) })
	default:
		return nil, fmt.Errorf("no protocol %q in this house", protocol)
	}
	return client, nil
}

// remoteConn is a pipe that says that it comes from somewhere.
type remoteConn struct {
	net.Conn
	remote netip.Addr
}

func (c *remoteConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.remote, 4242))
}

// Restart implements dialogue.World. Sessions are told to go; those that stay
// for ten seconds are cut.
func (h *House) Restart() error {
	if err := h.close(); err != nil {
		return err
	}
	return h.start()
}

// Close implements dialogue.World: it ends all sessions, looks for damage in
// the store, and closes it.
func (h *House) Close() error {
	h.endSessions()
	var found error
	for p, err := range h.engine.Check(context.Background(), mail.CheckOptions{Bodies: true}) {
		if err == nil {
			err = errors.New(p.String())
		}
		found = errors.Join(found, err)
	}
	return errors.Join(found, h.close())
}

func (h *House) endSessions() {
	h.stop()
	if h.imap != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		h.imap.Shutdown(ctx)
		cancel()
	}
	h.conns.Wait()
}

func (h *House) close() error {
	h.endSessions()
	h.imap = nil
	h.dir.Close()
	return errors.Join(h.engine.Close(), h.blobs.Close(), h.db.Close())
}

// Set implements dialogue.World; the package comment lists the settings.
func (h *House) Set(words []string, file []byte) error {
	ctx := context.Background()
	switch n := len(words); {
	case words[0] == "user" && n >= 2 && n <= 3:
		password := "secret" // dialogue.Password, which the setting "login" sends
		if n == 3 {
			password = words[2]
		}
		_, err := h.dir.AddPerson(ctx, words[1], password)
		return err
	case words[0] == "group" && n >= 2:
		return h.addGroup(ctx, words[1], words[2:])
	case (words[0] == "join" || words[0] == "leave") && n >= 3:
		return h.members(ctx, words[0] == "join", words[1], words[2:])
	case words[0] == "remove" && n == 2:
		who, err := h.dir.ByName(ctx, words[1])
		if err != nil {
			return err
		}
		if who.Kind == directory.Group {
			return h.dir.RemoveGroup(ctx, who.ID)
		}
		return h.dir.Remove(ctx, who.ID)
	case words[0] == "mailbox" && n == 3:
		owner, err := h.owner(ctx, words[1])
		if err != nil {
			return err
		}
		_, err = owner.Create(ctx, words[2], nil)
		return err
	case words[0] == "token" && n >= 4:
		return h.tokens.add(words[1], words[2], words[3], words[4:])
	case words[0] == "purge" && n == 1:
		_, err := h.engine.Purge(ctx, mail.PurgeOptions{Deleted: time.Now(), Log: time.Now()})
		return err
	case words[0] == "mount" && n == 4:
		who, err := h.dir.ByName(ctx, words[1])
		if err != nil {
			return err
		}
		return h.engine.As(who, mail.Origin{Protocol: "dialogue"}).Mount(ctx, words[2], words[3])
	case words[0] == "allow" && n == 5:
		owner, err := h.owner(ctx, words[1])
		if err != nil {
			return err
		}
		return allow(ctx, owner, words[2], words[3], words[4])
	case words[0] == "annotate" && n >= 3:
		admin := h.engine.AsAdmin(directory.Principal{}, "dialogue")
		return admin.SetMetadata(ctx, "", []mail.MetadataEntry{{Name: words[1], Value: []byte(strings.Join(words[2:], " "))}})
	case words[0] == "quota" && n == 4:
		return h.quota(ctx, words[1], words[2], words[3])
	case words[0] == "deliver" && n == 3:
		return h.deliver(ctx, words[1], words[2], file)
	case words[0] == "limit" && n == 3:
		return h.limit(words[1], words[2])
	case words[0] == "slow" && n == 2:
		d, err := time.ParseDuration(words[1])
		h.slow.delay.Store(int64(d))
		return err
	case words[0] == "hide" && n >= 4:
		h.Profiles = append(h.Profiles, imap.Profile{Client: words[1], User: words[2], Hide: words[3:]})
		return nil
	case words[0] == "shutdown" && n == 1:
		h.stop()
		go h.IMAP().Shutdown(ctx)
		return nil
	}
	return fmt.Errorf("unknown setting %q", strings.Join(words, " "))
}

func (h *House) owner(ctx context.Context, name string) (*mail.User, error) {
	p, err := h.dir.ByName(ctx, name)
	if err != nil {
		return nil, err
	}
	return h.engine.AsAdmin(p, "dialogue"), nil
}

func (h *House) addGroup(ctx context.Context, name string, members []string) error {
	if _, err := h.dir.AddGroup(ctx, name); err != nil {
		return err
	}
	return h.members(ctx, true, name, members)
}

// members lets people and groups join or leave a group.
func (h *House) members(ctx context.Context, join bool, group string, names []string) error {
	g, err := h.dir.ByName(ctx, group)
	if err != nil {
		return err
	}
	change := h.dir.RemoveMembers
	if join {
		change = h.dir.AddMembers
	}
	for _, name := range names {
		p, err := h.dir.ByName(ctx, name)
		if err != nil {
			return err
		}
		if err := change(ctx, g.ID, p.ID); err != nil {
			return err
		}
	}
	return nil
}

func (h *House) deliver(ctx context.Context, to, name string, file []byte) error {
	if file == nil {
		return fmt.Errorf("the archive has no file %q", name)
	}
	up, err := h.engine.Upload(ctx, strings.NewReader(string(file)), int64(len(file)))
	if err != nil {
		return err
	}
	defer up.Discard()
	if !strings.Contains(to, "@") {
		to += "@example.org"
	}
	env := mail.Envelope{From: "sender@example.com", To: []string{to}, Origin: mail.Origin{Protocol: "test"}}
	return h.engine.Deliver(ctx, env, up)[0].Err
}
