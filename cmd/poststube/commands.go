package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commands lists all commands. One line adds one.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.serve(),
		a.parent("user", text{"people: add, list, new password, remove", "Personen: anlegen, auflisten, neues Passwort, entfernen"},
			a.userAdd(), a.userList(), a.userShow(), a.userPasswd(), a.userDisable(), a.userRemove()),
		a.parent("group", text{"groups and their members", "Gruppen und ihre Mitglieder"},
			a.groupAdd(), a.groupList(), a.groupShow(), a.groupRemove(),
			a.parent("member", text{"who is in a group", "wer in einer Gruppe ist"}, a.groupMemberAdd(), a.groupMemberRemove())),
		a.parent("source", text{"people and groups from LDAP", "Personen und Gruppen aus LDAP"}, a.sourceSync(), a.sourceList()),
		a.parent("mailbox", text{"the mailboxes of a person or a group", "die Postfächer einer Person oder Gruppe"},
			a.mailboxList(), a.mailboxShow(), a.mailboxCreate(), a.mailboxRename(), a.mailboxDelete(), a.mailboxSubscribe(), a.mailboxUnsubscribe(),
			a.mailboxMount(), a.mailboxMounts(), a.mailboxUnmount()),
		a.parent("acl", text{"who may do what: share, explain, take back", "wer was darf: teilen, erklären, zurücknehmen"},
			a.aclGet(), a.aclSet(), a.aclDelete(), a.aclWhy(), a.aclPresets(), a.aclPolicy()),
		a.parent("team", text{"groups that share mailboxes and an address", "Gruppen mit gemeinsamen Postfächern und Adresse"}, a.teamAdd()),
		a.parent("address", text{"mail addresses of people and groups", "Mailadressen von Personen und Gruppen"},
			a.addressAdd(), a.addressList(), a.addressRemove()),
		a.parent("quota", text{"how much somebody may have", "wie viel jemand haben darf"}, a.quotaGet(), a.quotaSet(), a.quotaRecalculate()),
		a.audit(),
		a.undelete(),
		a.purge(),
		a.parent("import", text{"take mail over", "Mail übernehmen"}, a.importMbox(), a.importMaildir(), a.importIMAP()),
		a.parent("export", text{"hand mail out", "Mail herausgeben"}, a.exportMbox(), a.exportMaildir()),
		a.who(),
		a.kick(),
		a.parent("index", text{"the index that makes searches fast", "der Index, der die Suche schnell macht"}, a.indexStatus(), a.indexRebuild(), a.indexDrop()),
		a.backup(),
		a.restore(),
		a.bench(),
		a.verify(),
		a.parent("config", text{"the configuration of the node", "die Konfiguration des Knotens"}, a.configExample(), a.configCheck()),
		a.completion(),
		a.man(),
		a.version(),
	}
}

// A spec describes a command. Every text is shown by --help, and an example
// tells more than a sentence.
type spec struct {
	use     string // "add NAME"
	short   text
	long    text
	example string // one a line; the program's name may be left out
	args    cobra.PositionalArgs
	run     func(cmd *cobra.Command, args []string) error
	// complete says what the shell offers for arguments; nil: nothing but
	// files.
	complete completer
}

// command makes a command of its description.
func (a *app) command(s spec) *cobra.Command {
	c := &cobra.Command{
		Use:   s.use,
		Short: a.t(s.short),
		Long:  a.t(s.long),
		RunE:  s.run,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := s.args(cmd, args); err != nil {
				if f := flagBehind(cmd, args); f != "" {
					return misuse(cmd, a.t(text{"%s stands before the other arguments here: %s", "%s steht hier vor den anderen Argumenten: %s"}), f,
						strings.Replace(cmd.UseLine(), cmd.CommandPath(), cmd.CommandPath()+" "+f+" …", 1))
				}
				return misuse(cmd, a.t(text{"this takes other arguments: %s", "hier gehören andere Argumente hin: %s"}), cmd.UseLine())
			}
			return nil
		},
		DisableFlagsInUseLine: true,
	}
	var examples []string
	for line := range strings.Lines(s.example) {
		if !strings.Contains(line, "| poststube ") {
			line = "poststube " + line
		}
		examples = append(examples, "  "+strings.TrimSuffix(line, "\n"))
	}
	c.Example = strings.Join(examples, "\n")
	if s.complete != nil {
		c.ValidArgsFunction = a.completions(s.complete)
	}
	return c
}

// flagBehind returns a flag that stands among arguments, where takeDashes leaves it.
func flagBehind(cmd *cobra.Command, args []string) string {
	for _, arg := range args {
		name, _, _ := strings.Cut(arg, "=")
		if long, ok := strings.CutPrefix(name, "--"); ok && cmd.Flag(long) != nil {
			return name
		}
		if short, ok := strings.CutPrefix(name, "-"); ok && len(short) == 1 && cmd.Flags().ShorthandLookup(short) != nil {
			return name
		}
	}
	return ""
}

// takeDashes lets arguments such as -clara or -x pass that look like flags: those
// behind the mailbox are taken as they are.
func (a *app) takeDashes(c *cobra.Command) {
	c.Flags().SetInterspersed(false)
}

// parent makes a command that only holds others.
func (a *app) parent(name string, short text, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: a.t(short), Args: cobra.ArbitraryArgs}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse(cmd, a.t(text{"there is no %s %s%s", "%s %s gibt es nicht%s"}), cmd.CommandPath(), args[0], a.didYouMean(cmd, args[0]))
		}
		return misuse(cmd, a.t(text{"%s what?", "%s was?"}), cmd.CommandPath())
	}
	c.AddCommand(children...)
	return c
}

// didYouMean names the commands that are spelt almost like one that is not there.
func (a *app) didYouMean(cmd *cobra.Command, name string) string {
	cmd.SuggestionsMinimumDistance = 2
	near := cmd.SuggestionsFor(name)
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf(a.t(text{": did you mean %s?", ": gemeint ist vielleicht %s"}), strings.Join(near, ", "))
}

// root makes the tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "poststube",
		Short: a.t(text{"a mail server for people who share mailboxes", "ein Mailserver für Leute, die Postfächer teilen"}),
		Long: a.t(text{
			"poststube is a mail server. Every command works while the server runs and while it is stopped.",
			"poststube ist ein Mailserver. Jeder Befehl geht, während der Server läuft und während er steht.",
		}),
		Example:       "  poststube serve --demo\n  poststube user add anna",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse(cmd, a.t(text{"there is no command %q%s", "den Befehl %q gibt es nicht%s"}), args[0], a.didYouMean(cmd, args[0]))
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if a.format != "text" && a.format != "json" {
				return misuse(cmd, a.t(text{"--format is text or json, not %q", "--format ist text oder json, nicht %q"}), a.format)
			}
			return nil
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	dir := a.getenv("POSTSTUBE_DATA")
	if dir == "" {
		dir = defaultData
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.dir, "data", dir, a.t(text{"data `directory`, or $POSTSTUBE_DATA", "`Verzeichnis` der Daten, oder $POSTSTUBE_DATA"}))
	flags.StringVarP(&a.format, "format", "f", "text", a.t(text{"`form` of the output: text or json", "`Form` der Ausgabe: text oder json"}))
	flags.BoolP("help", "h", false, a.t(text{"show this help", "diese Hilfe zeigen"}))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{cmd.CommandPath(), errors.New(a.translate(err.Error()))}
	})
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetUsageTemplate(a.t(usage))
	root.AddCommand(a.commands()...)
	if a.german {
		germanDefaults(root)
	}
	return root
}

// germanDefaults says in German what a flag is without being given, which pflag
// says in English.
func germanDefaults(c *cobra.Command) {
	say := func(f *pflag.Flag) {
		switch f.DefValue {
		case "", "0", "0s", "false", "[]", "0 B":
			return
		}
		f.Usage += " (sonst " + f.DefValue + ")"
		switch f.Value.Type() {
		case "int", "uint64":
			f.DefValue = "0" // what pflag does not show
		default:
			f.DefValue = ""
		}
	}
	c.LocalNonPersistentFlags().VisitAll(say)
	c.PersistentFlags().VisitAll(say)
	for _, child := range c.Commands() {
		germanDefaults(child)
	}
}

// usage is cobra's template, shorter and in two languages.
var usage = text{usageTemplate("Usage", "Examples", "Commands", "Flags", "Flags of all commands"),
	usageTemplate("Aufruf", "Beispiele", "Befehle", "Schalter", "Schalter aller Befehle")}

func usageTemplate(usage, examples, commands, flags, global string) string {
	return fmt.Sprintf(`%s:
  {{.UseLine}}{{if .HasAvailableSubCommands}} …{{end}}
{{- if .HasExample}}

%s:
{{.Example}}
{{- end}}
{{- if .HasAvailableSubCommands}}

%s:
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{- end}}
{{- if .HasAvailableLocalFlags}}

%s:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{- end}}
{{- if .HasAvailableInheritedFlags}}

%s:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{- end}}
`, usage, examples, commands, flags, global)
}

// defaultData is the data directory where none is named. The Debian package is
// built with its own (scripts/package).
var defaultData = "./poststube-data"
