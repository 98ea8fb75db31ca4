package prometheus

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// promtool returns the path of the program: the installed one, or that of the
// Debian package, which is unpacked and not installed, since it would run a server.
func promtool(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("promtool"); err == nil {
		return path
	}
	dir := t.TempDir()
	fetch := func() (string, error) {
		cmd := exec.Command("apt-get", "-q", "download", "prometheus")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return string(out), err
		}
		debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
		if err != nil || len(debs) != 1 {
			return "no package came", os.ErrNotExist
		}
		out, err := exec.Command("dpkg", "-x", debs[0], dir).CombinedOutput()
		return string(out), err
	}
	out, err := fetch()
	if err != nil && os.Getuid() == 0 { // the lists may be missing, or old
		if _, updateErr := exec.Command("apt-get", "-q", "update").CombinedOutput(); updateErr == nil {
			out, err = fetch()
		}
	}
	switch {
	case err == nil:
		return filepath.Join(dir, "usr/bin/promtool")
	case os.Getenv("CI") != "":
		t.Fatalf("CANNOT TEST THE ALERTS: promtool is not installed and can't be had: %v\n%s", err, out)
	}
	t.Skipf("ALERTS NOT TESTED: promtool is not installed and can't be had: %v", err)
	return ""
}

// TestAlerts plays series of a good and of a bad server: the rules of dist must
// raise each alert for the bad one and none for the good one.
func TestAlerts(t *testing.T) {
	program := promtool(t)
	const rules = "../../dist/prometheus/alerts.yml"
	if out, err := exec.Command(program, "check", "rules", rules).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := t.TempDir()
	for from, to := range map[string]string{rules: "alerts.yml", "testdata/alerts_test.yml": "test.yml"} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(program, "test", "rules", filepath.Join(dir, "test.yml")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "SUCCESS") {
		t.Errorf("%v\n%s", err, out)
	}
}
