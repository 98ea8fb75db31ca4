// Command table runs the test of each promise and prints what was tried and what
// came of it:
//
//	go run ./promises/cmd/table [-long] [-fuzz TIME] [-list] [WORD…]
//
// Words choose promises by area or by the name of the test. With -long each runs
// as for a release, which takes hours, and at the end all fuzz targets do for an
// hour together; -fuzz says how long they do, also without -long. -list writes the
// table of docs/promises.md and runs nothing. Each promise is printed as soon as it
// is known whether it is kept. The exit code is 1 if one is broken.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"poststube/promises"
)

func main() {
	long := flag.Bool("long", false, "run the long forms")
	fuzz := flag.Duration("fuzz", 0, "how long to fuzz, all targets together; 0 is an hour with -long and no words")
	list := flag.Bool("list", false, "only write the table of docs/promises.md")
	flag.Parse()
	if *list {
		writeList(os.Stdout)
		return
	}
	if *fuzz == 0 && *long && flag.NArg() == 0 {
		*fuzz = time.Hour
	}
	begun := time.Now()
	broken, chosen := 0, 0
	for _, p := range promises.List() {
		if words := flag.Args(); len(words) > 0 && !slices.Contains(words, p.Area) && !slices.Contains(words, p.Test) {
			continue
		}
		chosen++
		result, ok := run(p, *long)
		if !ok {
			broken++
		}
		fmt.Printf("%-9s  %s\n           %s %s\n           %s\n", p.Area, p.Says, p.Package, p.Test, result)
	}
	if *fuzz > 0 {
		chosen++
		result, ok := fuzzAll(os.DirFS("."), *fuzz)
		if !ok {
			broken++
		}
		fmt.Printf("%-9s  %s\n           %s\n", "parsers", "No input makes a parser fail, or break its rules.", result)
	}
	fmt.Printf("%d promises, %d broken, %v\n", chosen, broken, time.Since(begun).Round(time.Second))
	if broken > 0 || chosen == 0 {
		os.Exit(1)
	}
}

func writeList(w io.Writer) {
	fmt.Fprintln(w, "| | promise | checked by | long form |\n|---|---|---|---|")
	for _, p := range promises.List() {
		long := ""
		if p.Long > 0 {
			long = fmt.Sprintf("`POSTSTUBE_LONG=%d`", p.Long)
		}
		fmt.Fprintf(w, "| %s | %s | `%s` | %s |\n", p.Area, p.Says, p.Command(), long)
	}
}

var (
	triedLine = regexp.MustCompile(`(?m)^ +\w+\.go:\d+: tried: (.*)$`)
	passed    = regexp.MustCompile(`(?m)^--- PASS: `)
	skipped   = regexp.MustCompile(`(?m)^ *--- SKIP: `)
)

// run runs one test and tells what it says.
func run(p promises.Promise, long bool) (result string, ok bool) {
	cmd := exec.Command("go", "test", "-v", "-count", "1", "-timeout", "0", "-run", "^"+p.Test+"$", "./"+p.Package)
	cmd.Env = os.Environ()
	if long && p.Long > 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("POSTSTUBE_LONG=%d", p.Long))
	}
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(start).Round(100 * time.Millisecond)
	switch {
	case err != nil:
		return fmt.Sprintf("BROKEN after %v:\n%s", took, out), false
	case !passed.Match(out):
		return "BROKEN: there is no such test", false
	case skipped.Match(out):
		return fmt.Sprintf("NOT TRIED, a part was skipped:\n%s", out), false
	}
	tried := []string{"kept, " + took.String()}
	for _, m := range triedLine.FindAllSubmatch(out, -1) {
		tried = append(tried, string(m[1]))
	}
	return strings.Join(tried, "; "), true
}
