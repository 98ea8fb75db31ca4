package dialogue

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var update = flag.Bool("update", false, "rewrite the expected lines of dialogues, and generated documents")

// Update reports whether the tests run with -update: generated files are to be
// rewritten instead of compared.
func Update() bool { return *update }

// A World is the server that a script talks to.
type World interface {
	// Dial connects to a protocol, such as "imap", as from a remote address.
	Dial(protocol string, remote netip.Addr) (net.Conn, error)
	// Set carries out a setting: its words, and the file that the last word
	// names, if there is one of that name.
	Set(words []string, file []byte) error
	// Restart stops the server and starts another on the same data.
	Restart() error
	// Close stops the server and checks its data.
	Close() error
}

// Run runs the scripts that match pattern, each as a subtest in a bubble of its
// own with a world that start makes there.
func Run(t *testing.T, pattern string, start func() (World, error)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no dialogue matches %s (%v)", pattern, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parse(path, data)
			if err != nil {
				t.Fatal(err)
			}
			r := newRunner(s)
			r.update = *update
			synctest.Test(t, func(t *testing.T) {
				if err := r.run(start); err != nil {
					t.Error(err)
				}
			})
			if r.changed && !t.Failed() {
				if err := os.WriteFile(path, r.rewritten(), 0o644); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A runner runs one script.
type runner struct {
	*script
	world   World
	clients map[string]*client
	bound   map[string]string // names such as <uid> and their values

	update  bool
	out     []string // with update: the lines of the new script
	changed bool     // they differ from the old ones
}

func newRunner(s *script) *runner {
	return &runner{script: s, clients: map[string]*client{}, bound: map[string]string{}}
}

// rewritten returns the script as it should be.
func (r *runner) rewritten() []byte {
	a := r.ar
	a.comment = strings.Join(r.out, "\n") + "\n"
	return a.format()
}

func (r *runner) run(start func() (World, error)) error {
	world, err := start()
	if err != nil {
		return fmt.Errorf("start of the server: %w", err)
	}
	r.world = world
	err = r.play()
	for _, c := range r.clients {
		c.close()
	}
	synctest.Wait()
	if cerr := world.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("%s: at the end: %w", r.path, cerr)
	}
	return err
}

// play runs the steps: an action, then what is expected of it.
func (r *runner) play() error {
	for i := 0; i < len(r.steps); {
		st := r.steps[i]
		if st.verb.action() {
			r.out = append(r.out, st.raw)
			if err := r.act(st); err != nil {
				return fmt.Errorf("%s:%d: %w", r.path, st.line, err)
			}
			i++
		}
		end := r.blockEnd(i)
		synctest.Wait()
		if err := r.expect(st, r.steps[i:end]); err != nil {
			return err
		}
		i = end
	}
	return nil
}

// act carries out an action.
func (r *runner) act(st step) error {
	switch st.verb {
	case send:
		c, err := r.client(st.client)
		if err != nil {
			return err
		}
		parts, err := r.pieces(fill(st.text, r.bound))
		if err != nil {
			return err
		}
		return c.sendLine(parts)
	case sendRaw:
		c, err := r.client(st.client)
		if err != nil {
			return err
		}
		octets, err := unquote(fill(st.text, r.bound))
		if err != nil {
			return err
		}
		return c.write(octets)
	}
	return r.set(strings.Fields(st.text))
}

// set carries out a setting: those about clients and time here, the others in
// the world.
func (r *runner) set(words []string) error {
	arg := func(i int, otherwise string) string {
		if i < len(words) {
			return words[i]
		}
		return otherwise
	}
	switch words[0] {
	case "wait":
		d, err := time.ParseDuration(arg(1, ""))
		if err != nil {
			return fmt.Errorf("wait: %w", err)
		}
		time.Sleep(d)
		return nil
	case "connect": // connect CLIENT [PROTOCOL [FROM]]
		_, err := r.connect(arg(1, defaultClient), arg(2, "imap"), arg(3, "127.0.0.1"))
		return err
	case "login": // login CLIENT USER [PASSWORD]
		c, err := r.client(words[1])
		if err != nil {
			return err
		}
		return c.quiet(fmt.Sprintf("LOGIN %s %s", arg(2, words[1]), arg(3, Password)))
	case "select": // select CLIENT [MAILBOX]
		c, err := r.client(words[1])
		if err != nil {
			return err
		}
		return c.quiet("SELECT " + arg(2, "INBOX"))
	case "starttls":
		c, err := r.client(arg(1, defaultClient))
		if err != nil {
			return err
		}
		return c.startTLS()
	case "deflate", "plain":
		c, err := r.client(arg(1, defaultClient))
		if err != nil {
			return err
		}
		return c.compress(words[0] == "deflate")
	case "hangup":
		c, err := r.client(arg(1, defaultClient))
		if err != nil {
			return err
		}
		c.close()
		delete(r.clients, c.name)
		return nil
	case "restart":
		return r.world.Restart()
	}
	return r.world.Set(words, r.files[words[len(words)-1]])
}

// Password is that of users whose setting names none.
const Password = "secret"

// client returns the client of that name; one that is not connected yet is, to
// imap, and its greeting is taken.
func (r *runner) client(name string) (*client, error) {
	if c := r.clients[name]; c != nil {
		return c, nil
	}
	c, err := r.connect(name, "imap", "127.0.0.1")
	if err != nil {
		return nil, err
	}
	synctest.Wait()
	if greeting, ok := c.next(); !ok || !strings.HasPrefix(greeting, "* OK ") {
		return nil, fmt.Errorf("%s was greeted with %q", name, greeting)
	}
	return c, nil
}

func (r *runner) connect(name, protocol, from string) (*client, error) {
	remote, err := netip.ParseAddr(from)
	if err != nil {
		return nil, err
	}
	if old := r.clients[name]; old != nil {
		old.close()
	}
	conn, err := r.world.Dial(protocol, remote)
	if err != nil {
		return nil, fmt.Errorf("connect %s: %w", name, err)
	}
	c := newClient(name, protocol, conn)
	r.clients[name] = c
	return c, nil
}

// quiet sends a command whose answer the script does not show; it must be OK.
func (c *client) quiet(command string) error {
	if err := c.write("quiet " + command + "\r\n"); err != nil {
		return err
	}
	synctest.Wait()
	for {
		line, ok := c.next()
		if !ok {
			return fmt.Errorf("%s: no answer to %s", c.name, command)
		}
		if rest, tagged := strings.CutPrefix(line, "quiet "); tagged {
			if !strings.HasPrefix(rest, "OK") {
				return fmt.Errorf("%s: %s was answered with %s", c.name, command, rest)
			}
			return nil
		}
	}
}

// names returns the clients in order.
func (r *runner) names() []string {
	names := make([]string, 0, len(r.clients))
	for name := range r.clients {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
