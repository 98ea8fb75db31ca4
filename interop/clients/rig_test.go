package clients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A rig is what the actions of one client work with: a server with nothing in
// it but what they put there, a home directory and an observer.
type rig struct {
	*testing.T
	ctx  context.Context // ends with the client's time
	node *node
	home string    // of the client
	anna *observer // logged in as her
}

// ideas is a mailbox whose name is "Entwürfe & Ideen", on the wire.
const ideas = "Entw&APw-rfe &- Ideen"

func newRig(ctx context.Context, t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, ctx: ctx, home: t.TempDir()}
	r.node = startNode(ctx, t)
	r.anna = r.observe("anna")
	for _, box := range []string{"Projects/2026", ideas} {
		r.anna.create(box)
	}
	return r
}

// in returns the rig for a subtest, with an observer of its own: one that gave up
// waiting is in the middle of a command.
func (r *rig) in(t *testing.T) *rig {
	sub := *r
	sub.T = t
	sub.anna = sub.observe("anna")
	return &sub
}

// fill makes a mailbox of anna's hold these messages, unseen, and nothing else.
func (r *rig) fill(mailbox string, samples ...sample) {
	r.Helper()
	r.anna.create(mailbox)
	r.anna.do("SELECT %q", mailbox)
	r.anna.do(`UID STORE 1:* +FLAGS.SILENT (\Deleted)`)
	r.anna.do("CLOSE")
	for _, s := range samples {
		r.anna.append(mailbox, "", s.raw)
	}
}

// write writes a file into the client's home, with its directories.
func (r *rig) write(name, format string, args ...any) string {
	r.Helper()
	path := filepath.Join(r.home, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o600); err != nil {
		r.Fatal(err)
	}
	return path
}

// readFile returns a file of the client's home.
func (r *rig) readFile(name string) []byte {
	r.Helper()
	b, err := os.ReadFile(filepath.Join(r.home, name))
	if err != nil {
		r.Fatal(err)
	}
	return b
}

// mkdir makes a directory in the client's home, if it is not there.
func (r *rig) mkdir(name string) string {
	r.Helper()
	path := filepath.Join(r.home, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		r.Fatal(err)
	}
	return path
}

// command is a program with the client's home and no settings of this machine.
func (r *rig) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.ctx, name, args...)
	cmd.Dir = r.home
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.home, "LC_ALL=C.UTF-8", "TERM=xterm"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// try runs a program and returns what it wrote and whether it ended well.
func (r *rig) try(name string, args ...string) (string, error) {
	r.Helper()
	var out bytes.Buffer
	cmd := r.command(name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || r.ctx.Err() != nil {
		r.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), errors.Join(err, r.ctx.Err()), tail(out.String(), 40))
	}
	return out.String(), err
}

// run runs a program that must end well.
func (r *rig) run(name string, args ...string) string {
	r.Helper()
	out, err := r.try(name, args...)
	if err != nil {
		r.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, tail(out, 40))
	}
	return out
}

// refused runs a program that must end badly and say why.
func (r *rig) refused(why, name string, args ...string) {
	r.Helper()
	out, err := r.try(name, args...)
	if err == nil || !strings.Contains(out, why) {
		r.Errorf("%s %s: want a failure that says %q, got %v\n%s", name, strings.Join(args, " "), why, err, tail(out, 40))
	}
}

// must fails the test on an error.
func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// contains fails the test unless a text has all parts.
func (r *rig) contains(text string, parts ...string) {
	r.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			r.Errorf("%q is missing in:\n%s", p, tail(text, 60))
		}
	}
}

// same fails the test unless a client has exactly the octets of a sample.
func (r *rig) same(got []byte, want sample) {
	r.Helper()
	if !bytes.Equal(got, want.raw) {
		at := 0
		for at < min(len(got), len(want.raw)) && got[at] == want.raw[at] {
			at++
		}
		r.Errorf("%s: %d octets, want %d; they differ from octet %d on:\n got %.80q\nwant %.80q",
			want.subject, len(got), len(want.raw), at, got[at:], want.raw[at:])
	}
}

// holds fails the test unless a mailbox of anna's has exactly these messages, in
// any order, octet by octet.
func (r *rig) holds(mailbox string, samples ...sample) {
	r.Helper()
	r.holdsBut(mailbox, asIs, samples...)
}

// holdsBut is holds for clients that change messages: strip undoes that.
func (r *rig) holdsBut(mailbox string, strip func([]byte) []byte, samples ...sample) {
	r.Helper()
	list := r.anna.messages(mailbox)
	for _, s := range samples {
		if i := slices.IndexFunc(list, func(m message) bool { return m.subject() == s.subject }); i < 0 {
			r.Errorf("%s is not in %s", s.subject, mailbox)
		} else {
			r.same(strip(list[i].raw), sample{s.subject, strip(s.raw)})
		}
	}
	if len(list) != len(samples) {
		r.Errorf("%s has %d messages, want %d:\n%s", mailbox, len(list), len(samples), describe(list))
	}
}

// asIs takes nothing away.
func asIs(raw []byte) []byte { return raw }

// flags fails the test unless the message has exactly these flags.
func (r *rig) flags(mailbox string, s sample, flags ...string) {
	r.Helper()
	slices.Sort(flags)
	for _, m := range r.anna.messages(mailbox) {
		if m.subject() == s.subject {
			if !slices.Equal(m.flags, flags) {
				r.Errorf("%s in %s has the flags %v, want %v", s.subject, mailbox, m.flags, flags)
			}
			return
		}
	}
	r.Errorf("%s is not in %s", s.subject, mailbox)
}

// team is a mailbox that anna shares with the group sales, to which ben belongs:
// teamRights are what he may. He sees it as sharedTeam.
const (
	team       = "Team"
	teamRights = "lrsw" // read, and change flags; not delete, upload or create
	sharedTeam = "Users/anna/Team"
)

// fillTeam fills the shared mailbox.
func (r *rig) fillTeam(samples ...sample) {
	r.Helper()
	r.fill(team, samples...)
	r.anna.do("SETACL %q group:sales %s", team, teamRights)
}
