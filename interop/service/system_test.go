package service

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A system is a Debian that was booted for the test.
type system struct {
	*testing.T
	init string // the process id of its systemd
}

// unavailable ends the test where no system can be booted, which in CI is a
// failure.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal("CANNOT TEST THE SERVICE: " + why)
	}
	t.Skip("THE SERVICE IS NOT TESTED: " + why)
}

// boot boots what is in the directory root; the end of the test ends it.
func boot(t *testing.T, root string, options ...string) *system {
	t.Helper()
	if os.Getuid() != 0 {
		unavailable(t, "only root can boot a system in namespaces")
	}
	work := t.TempDir()
	cmd := exec.Command("testdata/boot.sh", append([]string{work, root}, options...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// If the test dies, the system dies: unshare's child goes with unshare.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		unavailable(t, err.Error())
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		if _, ok := <-ended; ok {
			removeGroups(t, cmd.Process.Pid)
		}
	})
	s := &system{T: t}
	for deadline := time.Now().Add(2 * time.Minute); ; {
		select {
		case err := <-ended:
			ended <- err
			unavailable(t, fmt.Sprintf("booting: %v\n%s", err, out.String()))
		case <-time.After(50 * time.Millisecond): // there is nothing to wait on before systemd has a socket
		}
		s.init = childOf(cmd.Process.Pid)
		if s.init != "" && exists("/proc/"+s.init+"/root/run/systemd/private") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("systemd does not start:\n%s", out.String())
		}
	}
	if state := s.try("systemctl is-system-running --wait"); state != "running\n" {
		t.Logf("the system is %s%s", state, s.try("systemctl list-units --failed --no-pager"))
	}
	return s
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// childOf returns the only child of a process.
func childOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// removeGroups removes the control groups that boot.sh made, once they are empty.
func removeGroups(t *testing.T, pid int) {
	for _, tree := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"} {
		group := fmt.Sprintf("%s/poststube-boot-%d", tree, pid)
		if !exists(group) {
			continue
		}
		var err error
		for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
			// Deepest first; rmdir works while processes still end only later.
			if err = exec.Command("find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+").Run(); err == nil {
				break
			}
		}
		if err != nil {
			t.Errorf("the control group %s is left: %v", group, err)
		}
	}
}

// path is where the test finds a file of the system.
func (s *system) path(name string) string { return filepath.Join("/proc", s.init, "root", name) }

// exec runs a program in namespaces of the system.
func (s *system) exec(namespaces []string, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", append(append([]string{"-t", s.init}, namespaces...), args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var all = []string{"-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w"}

// try runs a shell's command in the system and returns what it prints, whether it
// succeeds or not.
func (s *system) try(line string) string {
	out, _ := s.exec(all, "", "sh", "-c", line)
	return out
}

// sh runs a shell's command in the system; it must succeed.
func (s *system) sh(line string) string { return s.shWith("", line) }

func (s *system) shWith(stdin, line string) string {
	s.Helper()
	out, err := s.exec(all, stdin, "sh", "-c", line)
	if err != nil {
		s.Fatalf("%s: %v\n%s\n%s", line, err, out, s.try("journalctl --no-pager -u 'poststube*' -n 30"))
	}
	return out
}

// says checks what a shell's command prints in the system.
func (s *system) says(line, want string) {
	s.Helper()
	if got := strings.TrimSpace(s.sh(line)); got != want {
		s.Errorf("%s says %q, want %q", line, got, want)
	}
}

// from runs a program of this machine in the system's network.
func (s *system) from(args ...string) (string, error) {
	return s.exec([]string{"-n"}, "", args...)
}

// until waits for a command's success.
func (s *system) until(line string) {
	s.Helper()
	s.sh("for i in $(seq 600); do if " + line + "; then exit 0; fi; sleep 0.1; done; exit 1")
}
