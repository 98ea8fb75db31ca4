// Command perftable makes the tables of docs/performance.md from measurements:
//
//	perftable probe DIRECTORY            measure the machine, as a JSON line
//	perftable peers DOCUMENT FILE...     the comparison with other servers, from imapbench's JSON lines
//	perftable growth DOCUMENT FILE...    how figures grow with the mailbox, from poststube bench -f json
//	perftable groups DOCUMENT FILE...    what groups and shared mailboxes cost, from go test -bench
//
// The tables replace what stands between two markers in the document.
package main

import (
	"bytes"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "perftable:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "probe" {
		return probe(os.Stdout, args[1])
	}
	if len(args) < 3 {
		return fmt.Errorf("usage: perftable probe DIRECTORY | peers DOCUMENT FILE... | growth DOCUMENT FILE... | groups DOCUMENT FILE...")
	}
	var table []byte
	var err error
	switch args[0] {
	case "peers":
		table, err = peers(args[2:])
	case "growth":
		table, err = growth(args[2:])
	case "groups":
		table, err = groups(args[2:])
	default:
		err = fmt.Errorf("no command %q", args[0])
	}
	if err != nil {
		return err
	}
	doc, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	doc, err = replace(doc, args[0], table)
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	return os.WriteFile(args[1], doc, 0o644)
}

// replace puts a table between the markers of a name.
func replace(doc []byte, name string, table []byte) ([]byte, error) {
	begin, end := "<!-- "+name+": begin -->\n", "<!-- "+name+": end -->"
	before, rest, ok := bytes.Cut(doc, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return nil, fmt.Errorf("there are no markers %q and %q", begin, end)
	}
	return bytes.Join([][]byte{before, []byte(begin), table, []byte(end), after}, nil), nil
}
