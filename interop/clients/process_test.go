package clients

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// A process is a program that runs while the test goes on: the test says lines
// to it and hears what it prints.
type process struct {
	r      *rig
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	stderr bytes.Buffer
}

// start runs a program with the client's home.
func (r *rig) start(name string, args ...string) *process {
	r.Helper()
	p := &process{r: r, cmd: r.command(name, args...)}
	p.cmd.Stderr = &p.stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		r.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		r.Fatal(err)
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		r.Fatal(err)
	}
	return p
}

func (p *process) say(line string) { fmt.Fprintln(p.in, line) }

// next waits for the next line, which must contain a text.
func (p *process) next(want string) {
	p.r.Helper()
	if !p.out.Scan() {
		err := p.cmd.Wait()
		p.r.Fatalf("%s ended (%v) before %q:\n%s", p.cmd.Path, err, want, tail(p.stderr.String(), 40))
	}
	if !strings.Contains(p.out.Text(), want) {
		p.r.Errorf("%s printed %q, want %q", p.cmd.Path, p.out.Text(), want)
	}
}

// end closes the program's input, after which it must end well.
func (p *process) end() {
	p.r.Helper()
	p.in.Close()
	for p.out.Scan() {
	}
	if err := p.cmd.Wait(); err != nil {
		p.r.Errorf("%s: %v\n%s", p.cmd.Path, err, tail(p.stderr.String(), 40))
	}
}

// kill ends a program that would stay for ever.
func (p *process) kill() {
	p.r.Helper()
	p.r.must(p.cmd.Cancel())
	_ = p.cmd.Wait()
}
