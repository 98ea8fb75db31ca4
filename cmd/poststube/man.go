package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) man() *cobra.Command {
	return a.command(spec{
		use:   "man DIR",
		short: text{"write man pages", "Handbuchseiten schreiben"},
		long: text{
			"Write a man page for each command into DIR, in the language of the environment.",
			"Schreibt für jeden Befehl eine Handbuchseite nach DIR, in der Sprache der Umgebung.",
		},
		example: "man /usr/local/share/man/man1\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			n := 0
			err := eachCommand(cmd.Root(), func(c *cobra.Command) error {
				n++
				name := strings.ReplaceAll(c.CommandPath(), " ", "-")
				return os.WriteFile(filepath.Join(args[0], name+".1"), []byte(a.manPage(c, name)), 0o644)
			})
			if err != nil {
				return err
			}
			return a.done(map[string]int{"pages": n}, text{"%d pages written", "%d Seiten geschrieben"}, n)
		},
	})
}

func eachCommand(c *cobra.Command, f func(*cobra.Command) error) error {
	if err := f(c); err != nil {
		return err
	}
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			if err := eachCommand(child, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// roff escapes a text for man(7).
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	var b strings.Builder
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			b.WriteString(`\&`)
		}
		b.WriteString(line)
	}
	return b.String()
}

// manPage writes the page of a command.
func (a *app) manPage(c *cobra.Command, name string) string {
	var b strings.Builder
	section := func(t text, body string) {
		if body = strings.TrimRight(body, "\n"); body != "" {
			fmt.Fprintf(&b, ".SH %s\n%s\n", a.t(t), body)
		}
	}
	fmt.Fprintf(&b, ".TH %s 1 \"\" poststube\n", strings.ToUpper(roff(name)))
	section(text{"NAME", "NAME"}, roff(name+" - "+c.Short))
	section(text{"SYNOPSIS", "ÜBERSICHT"}, ".B "+roff(c.UseLine()))
	section(text{"DESCRIPTION", "BESCHREIBUNG"}, roff(c.Long))
	var commands, flags strings.Builder
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			fmt.Fprintf(&commands, ".TP\n.B %s\n%s\n", roff(child.Name()), roff(child.Short))
		}
	}
	section(text{"COMMANDS", "BEFEHLE"}, commands.String())
	show := func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		label := "--" + f.Name
		if f.Shorthand != "" {
			label = "-" + f.Shorthand + ", " + label
		}
		fmt.Fprintf(&flags, ".TP\n.B %s %s\n%s\n", roff(label), roff(value), roff(usage))
	}
	c.LocalFlags().VisitAll(show)
	c.InheritedFlags().VisitAll(show)
	section(text{"OPTIONS", "SCHALTER"}, flags.String())
	if c.Example != "" {
		section(text{"EXAMPLES", "BEISPIELE"}, ".nf\n"+roff(c.Example)+"\n.fi")
	}
	return b.String()
}
