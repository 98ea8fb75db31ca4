package promises

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Attackers run in a process of their own, this test program started once more:
// in the process that measures, whoever is measured would wait behind 64
// goroutines and the garbage of their bombs, which are not the server's.
const (
	attackVariable = "POSTSTUBE_ATTACK"        // the name of the attack
	targetVariable = "POSTSTUBE_ATTACK_TARGET" // host:port
)

// A siege is a process of attackers.
type siege struct {
	cmd  *exec.Cmd
	stop io.Closer     // its standard input
	out  *bufio.Reader // what it says: a line when it begins, and how many connections it made
}

// besiege starts attackers, and returns when they have begun.
func besiege(name, addr string) (*siege, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &siege{cmd: exec.Command(self)}
	s.cmd.Env = append(os.Environ(), attackVariable+"="+name, targetVariable+"="+addr)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.stop, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	if _, err := s.out.ReadString('\n'); err != nil {
		return nil, errors.Join(fmt.Errorf("attackers: %w", err), s.stop.Close(), s.cmd.Wait())
	}
	return s, nil
}

// lift ends the siege, and returns how many connections it has made.
func (s *siege) lift() (connected int, err error) {
	err = s.stop.Close()
	_, scanned := fmt.Fscan(s.out, &connected)
	return connected, errors.Join(err, scanned, s.cmd.Wait())
}

// assail attacks until standard input ends, and returns the exit code.
func assail(name, addr string) int {
	all := attacks()
	i := slices.IndexFunc(all, func(a attack) bool { return a.name == name })
	if i < 0 {
		fmt.Fprintf(os.Stderr, "no attack %q\n", name)
		return 2
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var connected, failed atomic.Int64
	for k := range attackers {
		wg.Go(func() {
			for {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					failed.Add(1)
					return
				}
				go func() { // ends what waits
					<-stop
					time.AfterFunc(100*time.Millisecond, func() { conn.Close() })
				}()
				w := &wire{conn: conn, r: bufio.NewReader(conn)}
				if _, err := w.line(); err == nil {
					connected.Add(1)
					all[i].run(&assault{w, []string{"mallory", "oscar"}[k%2], stop})
				}
				conn.Close()
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
	fmt.Println("attacking")
	io.Copy(io.Discard, os.Stdin)
	close(stop)
	wg.Wait()
	fmt.Println(connected.Load())
	if failed.Load() > 0 {
		return 1
	}
	return 0
}
