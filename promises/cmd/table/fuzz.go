package main

import (
	"fmt"
	"io/fs"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A target is a fuzz target of the module.
type target struct{ pkg, name string }

var (
	fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)
	execs    = regexp.MustCompile(`execs: (\d+)`)
)

// targets finds all fuzz targets below the root of the module, in order.
func targets(root fs.FS) (list []target, err error) {
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "tools"):
			return fs.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		src, err := fs.ReadFile(root, name)
		for _, m := range fuzzFunc.FindAllSubmatch(src, -1) {
			list = append(list, target{path.Dir(name), string(m[1])})
		}
		return err
	})
	slices.SortFunc(list, func(a, b target) int { return strings.Compare(a.pkg+" "+a.name, b.pkg+" "+b.name) })
	return list, err
}

// fuzzAll runs all targets, each for its share of the time, and tells what was
// found.
func fuzzAll(root fs.FS, total time.Duration) (result string, ok bool) {
	list, err := targets(root)
	if err != nil || len(list) == 0 {
		return fmt.Sprintf("BROKEN: there are %d fuzz targets: %v", len(list), err), false
	}
	begun, inputs, found := time.Now(), 0, ""
	for _, t := range list {
		cmd := exec.Command("go", "test", "-run", "-", "-fuzz", "^"+t.name+"$", "-fuzztime", share(total, len(list)).String(), "./"+t.pkg)
		out, err := cmd.CombinedOutput()
		if err != nil {
			found += fmt.Sprintf("\n%s %s: %v\n%s", t.pkg, t.name, err, out)
		}
		n := tried(out)
		if n == 0 && err == nil {
			found += fmt.Sprintf("\n%s %s: only its seeds were run; give it more time", t.pkg, t.name)
		}
		inputs += n
	}
	took := time.Since(begun).Round(time.Second)
	if found != "" {
		return fmt.Sprintf("BROKEN after %v:%s", took, found), false
	}
	return fmt.Sprintf("kept, %v; %d targets, %d inputs", took, len(list), inputs), true
}

// tried reads from what go test says how many inputs it has made. With too little
// time it is none: the seeds come first, and are not counted.
func tried(out []byte) int {
	m := execs.FindAllSubmatch(out, -1)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[len(m)-1][1])) // the pattern has digits only
	return n
}

// share is the time for one of n targets, at least a second: below that none runs.
func share(total time.Duration, n int) time.Duration {
	return max(total/time.Duration(n), time.Second).Round(time.Second)
}
