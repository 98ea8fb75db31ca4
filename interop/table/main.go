// Command table runs mail programs against poststube and prints what each of
// them can do.
//
//	go run ./interop/table              runs all, prints the table
//	go run ./interop/table -run mutt    runs some
//	go run ./interop/table -write       also writes it into docs/clients.md
//
// It runs the tests of interop/clients and reads their results. A program that
// cannot be installed is a failure here. It ends with 1 if anything failed.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run() error {
	only := flag.String("run", "", "run only the `programs` that this regular expression names")
	write := flag.Bool("write", false, "write the table into "+page)
	flag.Parse()
	if *only != "" && *write {
		return fmt.Errorf("-write needs all programs, -run asks for some")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout=20m", "-run", "TestClients/"+*only, "./interop/clients")
	cmd.Env = append(os.Environ(), "POSTSTUBE_INTEROP=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t, err := read(out, os.Stderr)
	if err != nil {
		return err
	}
	failed := cmd.Wait()
	text := t.markdown()
	os.Stdout.Write(text)
	if failed != nil {
		return fmt.Errorf("go test: %w", failed)
	}
	if len(t.rows) == 0 {
		return fmt.Errorf("no program was run")
	}
	if *write {
		return replace(page, text)
	}
	return nil
}

// page is where people read the table, between two comments.
const page = "docs/clients.md"

const begin, end = "<!-- table: go run ./interop/table -write -->\n", "<!-- end of table -->\n"

// replace puts the table into a page.
func replace(file string, table []byte) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(b, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for the table, which is between %q and %q", file, begin, end)
	}
	return os.WriteFile(file, bytes.Join([][]byte{before, []byte(begin), table, []byte(end), after}, nil), 0o644)
}
