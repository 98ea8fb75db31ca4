package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"poststube/imapclient"
	"poststube/moving"
)

// imapOptions say how to get into the other server.
type imapOptions struct {
	importOptions
	host, user, master, security, ca string
	fromStdin                        bool
}

func (a *app) importIMAP() *cobra.Command {
	var o imapOptions
	c := a.command(spec{
		use:   "imap -u NAME --host HOST --user NAME --password-stdin",
		short: text{"import an account from another IMAP server", "ein Konto von einem anderen IMAP-Server übernehmen"},
		long: text{
			`Take over an account from another server: all folders with messages, flags, keywords, dates, subscriptions,
special uses and, where the server shows them, rights; and with their UIDs where the mailbox is new, so that mail
programs need not download again. Nothing is changed on the other server.
An import that was interrupted is simply started again: what is there is not taken twice. What could not be taken
over is listed, with the reason. With --from, many people are imported: one line "name user password" for each,
or "name user" with --master, whose password is read from standard input.`,
			`Übernimmt ein Konto von einem anderen Server: alle Ordner mit Nachrichten, Flags, Schlagwörtern, Datum,
Abonnements, besonderer Verwendung und, wo der Server sie zeigt, Rechten; und mit ihren UIDs, wo das Postfach neu ist,
damit Mailprogramme nicht neu laden. Auf dem anderen Server wird nichts geändert.
Ein unterbrochener Import wird einfach noch einmal gestartet: was da ist, wird nicht zweimal übernommen. Was nicht
ging, wird mit dem Grund aufgezählt. Mit --from kommen viele Personen: eine Zeile "name benutzer passwort" für jede,
oder "name benutzer" mit --master, dessen Passwort von der Standardeingabe gelesen wird.`,
		},
		example: `import imap -u anna --host imap.example.org --user anna@example.org
echo secret | poststube import imap -u anna --host imap.example.org --user anna --password-stdin
import imap --host imap.example.org --from list.txt --jobs 4
import imap --host imap.example.org --from list.txt --master cyrus --password-stdin
`,
		args: cobra.NoArgs,
		run:  func(cmd *cobra.Command, _ []string) error { return a.runImportIMAP(cmd, &o) },
	})
	a.importFlags(c, &o.importOptions, "owner")
	f := c.Flags()
	f.StringVar(&o.from, "from", "", a.t(text{"`file` with a line \"name user password\" for each person", "`Datei` mit einer Zeile \"name benutzer passwort\" je Person"}))
	f.StringVar(&o.host, "host", "", a.t(text{"`name` of the other server, perhaps with :port", "`Name` des anderen Servers, vielleicht mit :Port"}))
	f.StringVar(&o.user, "user", "", a.t(text{"`name` there", "`Name` dort"}))
	f.StringVar(&o.master, "master", "", a.t(text{"`name` of an administrator there who logs in for others", "`Name` eines Verwalters dort, der sich für andere anmeldet"}))
	f.BoolVar(&o.fromStdin, "password-stdin", false, a.t(text{"read the password from standard input", "das Passwort von der Standardeingabe lesen"}))
	f.StringVar(&o.security, "tls", "implicit", a.t(text{"`how`: implicit (port 993), starttls or none (port 143)", "`wie`: implicit (Port 993), starttls oder none (Port 143)"}))
	f.StringVar(&o.ca, "ca", "", a.t(text{"`file` with the certificates to trust, instead of the system's", "`Datei` mit den Zertifikaten, denen getraut wird, statt denen des Systems"}))
	return c
}

func (a *app) runImportIMAP(cmd *cobra.Command, o *imapOptions) error {
	base, err := a.imapAccount(cmd, o)
	if err != nil {
		return err
	}
	var args []string
	if o.from == "" {
		if o.user == "" {
			return misuse(cmd, "%s", a.t(text{"who is it there? give --user NAME", "wer ist es dort? --user NAME angeben"}))
		}
		args = []string{o.user}
	}
	if o.from != "" && o.user != "" {
		return misuse(cmd, "%s", a.t(text{"the list says who it is there: leave out --user", "die Liste sagt, wer es dort ist: --user weglassen"}))
	}
	accounts, err := a.importAccounts(cmd, &o.importOptions, args, len(args))
	if err != nil {
		return err
	}
	if o.from == "" || o.master != "" {
		if base.Password, err = a.oldPassword(cmd, o.fromStdin); err != nil {
			return err
		}
	} else {
		for i, acc := range accounts {
			user, password, ok := strings.Cut(acc.fields[0], " ")
			if password = strings.TrimSpace(password); !ok || password == "" {
				return fmt.Errorf(a.t(text{"%s: the line of %s is not \"name user password\"", "%s: die Zeile von %s ist nicht \"name benutzer passwort\""}), o.from, acc.owner)
			}
			accounts[i].fields = []string{user, password}
		}
	}
	return a.importAll(cmd, &o.importOptions, accounts, func(ctx context.Context, acc account) (moving.Source, error) {
		there := base
		there.User = acc.fields[0]
		if len(acc.fields) > 1 {
			there.Password = acc.fields[1]
		}
		src, err := moving.OpenIMAP(ctx, there)
		if err != nil {
			return nil, err
		}
		return src, nil
	})
}

// imapAccount returns what all accounts of the command have in common.
func (a *app) imapAccount(cmd *cobra.Command, o *imapOptions) (moving.IMAPAccount, error) {
	acc := moving.IMAPAccount{Host: o.host, Master: o.master}
	if o.host == "" {
		return acc, misuse(cmd, "%s", a.t(text{"from which server? give --host NAME", "von welchem Server? --host NAME angeben"}))
	}
	switch o.security {
	case "implicit":
		acc.Security = imapclient.ImplicitTLS
	case "starttls":
		acc.Security = imapclient.StartTLS
	case "none":
		acc.Security = imapclient.Plain
	default:
		return acc, misuse(cmd, a.t(text{"--tls is implicit, starttls or none, not %q", "--tls ist implicit, starttls oder none, nicht %q"}), o.security)
	}
	if o.ca == "" {
		return acc, nil
	}
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		return acc, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return acc, fmt.Errorf(a.t(text{"%s: no certificates are in it", "%s: es sind keine Zertifikate darin"}), o.ca)
	}
	host, _, err := net.SplitHostPort(acc.Address())
	acc.TLS = &tls.Config{RootCAs: pool, ServerName: host}
	return acc, err
}

// oldPassword asks for a password that exists, or reads a line of standard input.
func (a *app) oldPassword(cmd *cobra.Command, fromStdin bool) (string, error) {
	tty, ok := terminal(a.stdin)
	if fromStdin || !ok {
		return a.readPassword(cmd, fromStdin)
	}
	fmt.Fprint(a.stderr, a.t(text{"Password there: ", "Passwort dort: "}))
	defer fmt.Fprintln(a.stderr)
	b, err := term.ReadPassword(int(tty.Fd()))
	return string(b), err
}
