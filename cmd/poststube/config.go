package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"poststube/server"
)

func (a *app) configExample() *cobra.Command {
	return a.command(spec{
		use:   "example",
		short: text{"print a file with every key, explained", "eine Datei mit allen Schlüsseln und Erklärungen ausgeben"},
		long: text{
			"Print a TOML file with every key, its default, and what it does. All keys are commented out: it changes nothing until you say so.",
			"Gibt eine TOML-Datei aus, mit jedem Schlüssel, seinem Standardwert und seiner Wirkung. Alle Schlüssel sind auskommentiert: Sie ändert nichts, solange man nichts einschaltet.",
		},
		example: "config example\n",
		args:    cobra.NoArgs,
		run: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.stdout, server.ConfigExample())
			return err
		},
	})
}

func (a *app) configCheck() *cobra.Command {
	return a.command(spec{
		use:   "check [FILE]",
		short: text{"say whether a configuration is right", "sagen, ob eine Konfiguration stimmt"},
		long: text{
			"Read a TOML file, if one is named, and the environment as serve does, and say what is wrong, with line and key.",
			"Liest eine TOML-Datei, wenn eine genannt ist, und die Umgebung, wie serve es tut, und sagt, was falsch ist, mit Zeile und Schlüssel.",
		},
		example: "config check /etc/poststube.toml\n",
		args:    cobra.MaximumNArgs(1),
		run: func(_ *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			c, err := server.Load(name, a.environ)
			if err != nil {
				return err
			}
			if err := c.CheckFiles(); err != nil {
				return err
			}
			return a.output(map[string]bool{"ok": true}, func(w io.Writer) {
				fmt.Fprintln(w, a.t(text{"the configuration is right", "die Konfiguration stimmt"}))
			})
		},
	})
}
