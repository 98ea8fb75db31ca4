package smtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/blob/dirblob"
	"poststube/directory"
	"poststube/kv/pebblekv"
	"poststube/mail"
	"poststube/notify/localbus"
)

// A world is a server on a store in memory; it is a dialogue.World.
type world struct {
	db     *pebblekv.DB
	blobs  *dirblob.Store
	dir    *directory.Directory
	faults *faulty
	server *Server
	ctx    context.Context
	stop   context.CancelFunc
	conns  sync.WaitGroup
}

func newWorld(limits Limits) (*world, error) {
	ctx := context.Background()
	w := &world{}
	var err error
	if w.db, err = pebblekv.Open("kv", pebblekv.Options{FS: vfs.NewMem(), MemTableSize: 4 << 20, Log: silent}); err != nil {
		return nil, err
	}
	if w.blobs, err = dirblob.Open("blob", dirblob.Options{FS: vfs.NewMem(), Log: silent}); err != nil {
		return nil, err
	}
	bus := localbus.New()
	w.dir, err = directory.Open(ctx, w.db, directory.Options{Domains: []string{"example.org"}, Bus: bus, Log: silent})
	if err != nil {
		return nil, err
	}
	engine, err := mail.Open(ctx, mail.Config{DB: w.db, Blobs: w.blobs, Bus: bus, Directory: w.dir, Log: silent})
	if err != nil {
		return nil, err
	}
	w.faults = &faulty{Engine: engine, fail: map[string]error{}}
	w.ctx, w.stop = context.WithCancel(ctx)
	w.server = NewServer(Config{Engine: w.faults, Hostname: "mx.example.org", Log: silent, Limits: limits})
	return w, nil
}

var silent = slog.New(slog.DiscardHandler)

// Close implements dialogue.World.
func (w *world) Close() error {
	w.stop()
	w.conns.Wait()
	w.dir.Close()
	return errors.Join(w.faults.Close(), w.blobs.Close(), w.db.Close())
}

// Restart implements dialogue.World.
func (w *world) Restart() error { return errors.New("restart is not for these dialogues") }

// Dial implements dialogue.World.
func (w *world) Dial(protocol string, remote netip.Addr) (net.Conn, error) {
	if protocol != "lmtp" {
		return nil, fmt.Errorf("this world does not speak %s", protocol)
	}
	client, server := net.Pipe()
	w.conns.Go(func() { w.server.ServeConn(w.ctx, &remoteConn{server, remote}) })
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

// Set implements dialogue.World:
//
//	user NAME                  adds a person
//	alias NAME ADDRESS         another address for NAME
//	mailbox NAME MAILBOX       makes a mailbox of NAME
//	fault ADDRESS KIND         lets deliveries to ADDRESS fail
//	shutdown                   lets the server end
//	holds NAME MAILBOX N FILE  fails unless N messages are there, the last like FILE
func (w *world) Set(words []string, file []byte) error {
	ctx := context.Background()
	who := func() (directory.Principal, error) { return w.dir.ByName(ctx, words[1]) }
	switch {
	case words[0] == "user" && len(words) == 2:
		_, err := w.dir.AddPerson(ctx, words[1], "")
		return err
	case words[0] == "alias" && len(words) == 3:
		p, err := who()
		if err != nil {
			return err
		}
		return w.dir.AddAddress(ctx, p.ID, words[2])
	case words[0] == "mailbox" && len(words) == 3:
		p, err := who()
		if err != nil {
			return err
		}
		_, err = w.faults.AsAdmin(p, "test").Create(ctx, words[2], nil)
		return err
	case words[0] == "fault" && len(words) == 3:
		return w.faults.add(words[1], words[2])
	case words[0] == "shutdown":
		w.stop()
		return nil
	case words[0] == "holds" && len(words) >= 4:
		got, err := w.messages(words[1], words[2])
		if err != nil {
			return err
		}
		if fmt.Sprint(len(got)) != words[3] {
			return fmt.Errorf("%s of %s holds %d messages, want %s", words[2], words[1], len(got), words[3])
		}
		if len(words) == 5 && !bytes.Equal(got[len(got)-1], file) {
			return fmt.Errorf("the last message of %s is\n%q\nwant\n%q", words[1], got[len(got)-1], file)
		}
		return nil
	}
	return fmt.Errorf("unknown setting %q", words)
}

// messages returns the octets of all messages in a mailbox.
func (w *world) messages(name, mailbox string) ([][]byte, error) {
	ctx := context.Background()
	p, err := w.dir.ByName(ctx, name)
	if err != nil {
		return nil, err
	}
	b, err := w.faults.AsAdmin(p, "test").Open(ctx, mailbox)
	if err != nil {
		return nil, err
	}
	state, err := b.State(ctx, false)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	var large []uint32
	_, err = b.Messages(ctx, state.UIDs, 1, mail.WantRaw, func(m *mail.Message) bool {
		all = append(all, bytes.Clone(m.Raw))
		if m.Raw == nil {
			large = append(large, m.UID)
		}
		return true
	})
	for _, uid := range large {
		body, openErr := b.OpenBody(ctx, uid)
		if openErr != nil {
			return nil, openErr
		}
		raw, readErr := io.ReadAll(io.NewSectionReader(body, 0, body.Size()))
		body.Close()
		if readErr != nil {
			return nil, readErr
		}
		for i := range all {
			if all[i] == nil {
				all[i] = raw
				break
			}
		}
	}
	return all, err
}

// faulty is an engine that fails for chosen recipients.
type faulty struct {
	*mail.Engine
	mu   sync.Mutex
	fail map[string]error
}

// add lets what is done for to fail with a kind; "upload" stands for the message.
func (f *faulty) add(to, kind string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k := mail.Internal; k <= mail.NoParent; k++ {
		if strings.ReplaceAll(k.String(), " ", "-") == kind {
			f.fail[to] = &mail.Error{Kind: k, Text: "made up: " + k.String()}
			return nil
		}
	}
	return fmt.Errorf("no kind %q", kind)
}

func (f *faulty) fault(to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fail[to]
}

func (f *faulty) Upload(ctx context.Context, r io.Reader, size int64) (*mail.Upload, error) {
	if err := f.fault("upload"); err != nil {
		return nil, err
	}
	return f.Engine.Upload(ctx, r, size)
}

func (f *faulty) Deliver(ctx context.Context, env mail.Envelope, up *mail.Upload) []mail.Delivery {
	results := make([]mail.Delivery, len(env.To))
	for i, to := range env.To {
		if err := f.fault(to); err != nil {
			results[i] = mail.Delivery{Recipient: to, Err: err}
			continue
		}
		one := env
		one.To = []string{to}
		results[i] = f.Engine.Deliver(ctx, one, up)[0]
	}
	return results
}
