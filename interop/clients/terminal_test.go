package clients

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A terminal is a program that a person would see and type into; tmux is the
// person.
type terminal struct {
	r      *rig
	socket string
}

// terminal starts a program with the client's home on a screen of 120 by 40.
func (r *rig) terminal(name string, args ...string) *terminal {
	r.Helper()
	dir, err := os.MkdirTemp("", "tmux") // a short path: it holds a unix socket
	r.must(err)
	t := &terminal{r: r, socket: filepath.Join(dir, "s")}
	r.Cleanup(func() {
		if out, err := t.tmux("capture-pane", "-p"); err == nil && r.Failed() {
			r.Logf("the screen at the end:\n%s", out)
		}
		_, _ = t.tmux("kill-server")
		_ = os.RemoveAll(dir)
	})
	// tmux runs what it is given as one word by a shell, and as several not.
	_, err = t.tmux(append([]string{"-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", "env", name}, args...)...)
	r.must(err)
	return t
}

func (t *terminal) tmux(args ...string) (string, error) {
	cmd := t.r.command("tmux", append([]string{"-S", t.socket}, args...)...)
	out, err := cmd.Output()
	return string(out), err
}

// screen returns what is to be seen.
func (t *terminal) screen() string {
	t.r.Helper()
	out, err := t.tmux("capture-pane", "-p")
	t.r.must(err)
	return out
}

// keys presses keys by their names in tmux, such as "Enter" and "C-x"; what is no
// name is typed.
func (t *terminal) keys(keys ...string) {
	t.r.Helper()
	args := []string{"send-keys"}
	for _, k := range keys {
		if k == ";" {
			k = `\;` // else it ends a command of tmux
		}
		args = append(args, k)
	}
	_, err := t.tmux(args...)
	t.r.must(err)
}

// line types a text and Enter.
func (t *terminal) line(text string) {
	t.r.Helper()
	_, err := t.tmux("send-keys", "-l", text)
	t.r.must(err)
	t.keys("Enter")
}

// sees waits until all texts are on the screen, and returns it.
func (t *terminal) sees(texts ...string) string {
	t.r.Helper()
	var screen string
	t.until("want to see "+strings.Join(texts, ", "), func() bool {
		screen = t.screen()
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
	return screen
}

// until looks again and again, as a person does, until something is so. It fails
// the test when patience is exhausted.
func (t *terminal) until(what string, good func() bool) {
	t.r.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	enough := time.After(patience)
	for !good() {
		select {
		case <-look.C:
		case <-enough:
			t.r.Fatal(what)
		case <-t.r.ctx.Done():
			t.r.Fatalf("%s, but the client's time is over", what)
		}
	}
}

// file waits for a file of the client's home that a program writes, and returns
// what is in it once a second file says that it is whole.
func (t *terminal) file(name, done string) []byte {
	t.r.Helper()
	t.until("want the file "+name, func() bool {
		_, err := os.Stat(filepath.Join(t.r.home, done))
		return err == nil
	})
	return t.r.readFile(name)
}
