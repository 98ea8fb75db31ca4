package main

import (
	"github.com/spf13/cobra"
)

func (a *app) completion() *cobra.Command {
	return a.command(spec{
		use:   "completion SHELL",
		short: text{"completion for bash, zsh or fish", "Vervollständigung für bash, zsh oder fish"},
		long: text{
			"Print a script that lets the shell complete commands and flags: bash, zsh or fish.",
			"Gibt ein Skript aus, mit dem die Shell Befehle und Schalter vervollständigt: bash, zsh oder fish.",
		},
		example: "completion bash\n",
		args:    cobra.ExactArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			}
			return misuse(cmd, a.t(text{"there is no completion for %q, only for bash, zsh and fish", "für %q gibt es keine Vervollständigung, nur für bash, zsh und fish"}), args[0])
		},
	})
}
