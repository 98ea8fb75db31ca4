package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"poststube/admin"
)

func (a *app) userAdd() *cobra.Command {
	var fromStdin bool
	var from string
	c := a.command(spec{
		use:   "add NAME",
		short: text{"add a person, or many", "eine Person anlegen, oder viele"},
		long: text{
			`Add a person. The password is asked for, or read from standard input. With --from, many people are added
from a file with a line name:password for each: all of them, or none if a name is bad or taken.`,
			`Legt eine Person an. Das Passwort wird erfragt, oder von der Standardeingabe gelesen. Mit --from werden viele
angelegt, aus einer Datei mit einer Zeile name:passwort für jede: alle, oder keine, wenn ein Name nicht geht.`,
		},
		example: `user add anna
echo secret | poststube user add anna@example.org --password-stdin
user add --from users.txt
`,
		args: cobra.MaximumNArgs(1),
		run: func(cmd *cobra.Command, args []string) error {
			users, err := a.newUsers(cmd, args, from, fromStdin)
			if err != nil {
				return err
			}
			return a.withService(cmd.Context(), true, func(s admin.Service) error {
				show := a.progress()
				defer show.end()
				added, err := s.AddUsers(cmd.Context(), users, func(done int) {
					show.say(text{"%d of %d people, %.0f/s, %s left", "%d von %d Personen, %.0f/s, noch %s"},
						done, len(users), show.rate(done), show.left(int64(done), int64(len(users))))
				})
				show.end()
				if err != nil {
					return err
				}
				if len(added) == 1 {
					return a.done(added, text{"%s is added", "%s ist angelegt"}, added[0].Name)
				}
				return a.done(added, text{"%d people are added", "%d Personen sind angelegt"}, len(added))
			})
		},
	})
	c.Flags().BoolVar(&fromStdin, "password-stdin", false, a.t(text{"read the password from standard input", "das Passwort von der Standardeingabe lesen"}))
	c.Flags().StringVar(&from, "from", "", a.t(text{"`file` with a line name:password for each person; - is standard input", "`Datei` mit einer Zeile name:passwort je Person; - ist die Standardeingabe"}))
	return c
}

// newUsers returns whom the command line wants to add.
func (a *app) newUsers(cmd *cobra.Command, args []string, from string, fromStdin bool) ([]admin.NewUser, error) {
	if (from == "") == (len(args) == 0) || from != "" && fromStdin {
		return nil, misuse(cmd, "%s", a.t(text{"give either a NAME or --from FILE", "entweder NAME oder --from DATEI angeben"}))
	}
	if from == "" {
		password, err := a.readPassword(cmd, fromStdin)
		return []admin.NewUser{{Name: args[0], Password: password}}, err
	}
	in := a.stdin
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return a.readUsers(from, in)
}

// readUsers reads lines name:password.
func (a *app) readUsers(name string, r io.Reader) ([]admin.NewUser, error) {
	var users []admin.NewUser
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if line == "" {
			continue
		}
		user, password, ok := strings.Cut(line, ":")
		if !ok || user == "" || password == "" {
			return nil, fmt.Errorf(a.t(text{"%s:%d: the line is not name:password", "%s:%d: die Zeile ist nicht name:passwort"}), name, n)
		}
		users = append(users, admin.NewUser{Name: user, Password: password})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(users) == 0 {
		return nil, fmt.Errorf(a.t(text{"%s: nobody is in it", "%s: es steht niemand darin"}), name)
	}
	return users, nil
}

// readPassword asks for a password, twice, or reads a line of standard input.
func (a *app) readPassword(cmd *cobra.Command, fromStdin bool) (string, error) {
	if fromStdin {
		line, err := bufio.NewReader(io.LimitReader(a.stdin, 64<<10)).ReadString('\n')
		if err != nil && err != io.EOF {
			return "", err
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", misuse(cmd, "%s", a.t(text{"no password came from standard input", "von der Standardeingabe kam kein Passwort"}))
		}
		return line, nil
	}
	tty, ok := terminal(a.stdin)
	if !ok {
		return "", misuse(cmd, "%s", a.t(text{"there is no terminal to ask for the password: give --password-stdin", "kein Terminal, um das Passwort zu erfragen: --password-stdin angeben"}))
	}
	ask := func(question text) ([]byte, error) {
		fmt.Fprint(a.stderr, a.t(question))
		defer fmt.Fprintln(a.stderr)
		return term.ReadPassword(int(tty.Fd()))
	}
	first, err := ask(text{"Password: ", "Passwort: "})
	if err != nil {
		return "", err
	}
	second, err := ask(text{"Once more: ", "Noch einmal: "})
	if err != nil {
		return "", err
	}
	if !bytes.Equal(first, second) || len(first) == 0 {
		return "", fmt.Errorf("%s", a.t(text{"the two differ, or are empty", "die beiden sind verschieden, oder leer"}))
	}
	return string(first), nil
}
