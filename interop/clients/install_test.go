package clients

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// apt keeps two installations apart, and remembers that the lists are fresh.
var apt struct {
	sync.Mutex
	updated bool
}

// install makes sure that Debian packages are there: it says what it installs,
// and installs it if it is root. Where that fails the test is skipped, or fails
// if $CI or $POSTSTUBE_INTEROP is set.
func install(t *testing.T, packages ...string) {
	t.Helper()
	apt.Lock()
	defer apt.Unlock()
	missing := missingPackages(packages)
	if len(missing) == 0 {
		return
	}
	names := strings.Join(missing, " ")
	if os.Getuid() != 0 {
		unavailable(t, "not root, cannot install; please run: apt-get install "+names)
	}
	fmt.Fprintln(os.Stderr, "interop/clients: installing from Debian:", names)
	if !apt.updated {
		if err := aptGet("update", "-q"); err != nil {
			unavailable(t, err.Error())
		}
		apt.updated = true
	}
	args := append([]string{"install", "-y", "-q", "--no-install-recommends"}, missing...)
	if err := aptGet(args...); err != nil {
		unavailable(t, err.Error())
	}
	if missing = missingPackages(packages); len(missing) > 0 {
		unavailable(t, "apt-get did not install "+strings.Join(missing, " "))
	}
}

// missingPackages returns those that dpkg does not call installed.
func missingPackages(packages []string) (missing []string) {
	for _, p := range packages {
		out, err := exec.Command("dpkg-query", "-W", "-f", "${db:Status-Status}", p).Output()
		if err != nil || string(out) != "installed" {
			missing = append(missing, p)
		}
	}
	return missing
}

func aptGet(args ...string) error {
	cmd := exec.Command("apt-get", append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, tail(out.String(), 15))
	}
	return nil
}

// unavailable ends the test of a program that cannot be had.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("POSTSTUBE_INTEROP") != "" {
		t.Fatal("this mail program cannot be tested: " + why)
	}
	t.Skip("NOT TESTED WITH THIS MAIL PROGRAM: " + why)
}

// tail returns the last n lines of a text.
func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
