package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"poststube/bench"
)

// benchOptions are the flags of bench.
type benchOptions struct {
	servers, lmtp, users, recipients []string
	fromStdin, quick                 bool
	messages                         int
}

func (a *app) bench() *cobra.Command {
	var o benchOptions
	c := a.command(spec{
		use:   "bench --server NAME=HOST:PORT[,tls] … --user NAME --password-stdin",
		short: text{"compare the speed of mail servers", "die Geschwindigkeit von Mailservern vergleichen"},
		long: text{
			`Put the same load on one or more servers, this one or any other that speaks IMAP, and print how fast each is and
how many times as fast as the first. The servers take turns, measurement by measurement; run them on equal machines and
this command near them. It takes about two minutes a server, with --quick some seconds.
All work is done in mailboxes whose names begin with poststube-bench, with made-up mail, and removed at the end. With
--lmtp mail is also delivered to the INBOX of the account, and removed from there. Use a test account all the same.
Passwords are read from standard input, a line for each server or one for all; --user and --rcpt likewise.
After the address, ",tls" means TLS from the beginning and ",tls-unverified" TLS with any certificate.`,
			`Belastet einen oder mehrere Server, diesen oder jeden anderen, der IMAP spricht, auf gleiche Weise und schreibt, wie
schnell jeder ist und wie viel Mal so schnell wie der erste. Die Server wechseln sich Messung für Messung ab; sie
sollten auf gleichen Maschinen laufen und dieser Befehl in ihrer Nähe. Es dauert etwa zwei Minuten je Server, mit
--quick einige Sekunden.
Alles geschieht in Postfächern, deren Namen mit poststube-bench beginnen, mit ausgedachter Mail, und wird am Ende
entfernt. Mit --lmtp wird auch in den INBOX des Kontos zugestellt und von dort wieder entfernt. Trotzdem ein Testkonto
nehmen. Passwörter werden von der Standardeingabe gelesen, eine Zeile je Server oder eine für alle; --user und --rcpt
ebenso. Hinter der Adresse heißt ",tls" TLS von Anfang an und ",tls-unverified" TLS mit jedem Zertifikat.`,
		},
		example: `echo secret | poststube bench --server dovecot=imap.example.org:993,tls --server poststube=localhost:1143 --user test --password-stdin
echo secret | poststube bench --server here=localhost:1143 --lmtp here=localhost:1024 --user anna --password-stdin --quick
`,
		args: cobra.NoArgs,
		run:  func(cmd *cobra.Command, _ []string) error { return a.runBench(cmd, &o) },
	})
	f := c.Flags()
	f.StringArrayVar(&o.servers, "server", nil, a.t(text{"`NAME=HOST:PORT[,tls]` of a server to measure; can be repeated", "`NAME=HOST:PORT[,tls]` eines Servers, der gemessen wird; mehrmals möglich"}))
	f.StringArrayVar(&o.lmtp, "lmtp", nil, a.t(text{"`NAME=HOST:PORT` to deliver to by LMTP", "`NAME=HOST:PORT`, wohin per LMTP zugestellt wird"}))
	f.StringArrayVar(&o.users, "user", nil, a.t(text{"`name` to log in with; once, or once for each server", "`Name` zum Anmelden; einmal, oder einmal je Server"}))
	f.StringArrayVar(&o.recipients, "rcpt", nil, a.t(text{"`address` of the user for LMTP, unless it is the name", "`Adresse` der Person für LMTP, wenn sie nicht der Name ist"}))
	f.BoolVar(&o.fromStdin, "password-stdin", false, a.t(text{"read passwords from standard input", "Passwörter von der Standardeingabe lesen"}))
	f.BoolVar(&o.quick, "quick", false, a.t(text{"only some seconds, with few messages", "nur einige Sekunden, mit wenigen Nachrichten"}))
	f.IntVar(&o.messages, "messages", 0, a.t(text{"`number` of messages in the mailbox, 100 to 1000000; usually 5000, with --quick 300", "`Anzahl` der Nachrichten im Postfach, 100 bis 1000000; sonst 5000, mit --quick 300"}))
	return c
}

func (a *app) runBench(cmd *cobra.Command, o *benchOptions) error {
	servers, err := a.benchServers(cmd, o)
	if err != nil {
		return err
	}
	load := bench.Standard()
	if o.quick {
		load = bench.Quick()
	}
	if o.messages != 0 {
		load.Messages = o.messages
	}
	if err := load.Check(); err != nil {
		return misuse(cmd, a.t(text{"--messages is 100 to 1000000, not %d", "--messages ist 100 bis 1000000, nicht %d"}), load.Messages)
	}
	show := a.progress()
	defer show.end()
	load.Progress = func(server, workload string) {
		show.say(text{"%s: %s", "%s: %s"}, server, a.t(benchTitles[workload]))
	}
	rows, err := bench.Compare(cmd.Context(), servers, load)
	show.end()
	if len(rows) > 0 {
		shown := a.output(map[string]any{"messages": load.Messages, "rows": rows}, func(w io.Writer) { a.showBench(w, rows) })
		err = errors.Join(err, shown)
	}
	if n := bench.Failed(rows); n > 0 && err == nil {
		return fmt.Errorf(a.t(text{"measurements that failed: %d", "misslungene Messungen: %d"}), n)
	}
	return err
}

// benchServers puts together what the flags say of each server.
func (a *app) benchServers(cmd *cobra.Command, o *benchOptions) ([]bench.Server, error) {
	if len(o.servers) == 0 {
		return nil, misuse(cmd, "%s", a.t(text{"which server? give --server NAME=HOST:PORT", "welcher Server? --server NAME=HOST:PORT angeben"}))
	}
	var servers []bench.Server
	at := map[string]int{}
	for _, s := range o.servers {
		server, err := a.benchServer(cmd, s)
		if err != nil {
			return nil, err
		}
		if _, twice := at[server.Name]; twice {
			return nil, misuse(cmd, a.t(text{"two servers are called %s", "zwei Server heißen %s"}), server.Name)
		}
		at[server.Name] = len(servers)
		servers = append(servers, server)
	}
	for _, s := range o.lmtp {
		name, addr, _ := strings.Cut(s, "=")
		i, known := at[name]
		if _, _, err := net.SplitHostPort(addr); err != nil || !known {
			return nil, misuse(cmd, a.t(text{"--lmtp is NAME=HOST:PORT with the name of a --server, not %q", "--lmtp ist NAME=HOST:PORT mit dem Namen eines --server, nicht %q"}), s)
		}
		servers[i].LMTP = addr
	}
	passwords, err := a.benchPasswords(cmd, o.fromStdin)
	if err != nil {
		return nil, err
	}
	recipients := o.recipients
	if len(recipients) == 0 {
		recipients = o.users
	}
	for _, list := range []struct {
		what   string
		values []string
		set    func(*bench.Server, string)
	}{
		{"--user", o.users, func(s *bench.Server, v string) { s.User = v }},
		{"--rcpt", recipients, func(s *bench.Server, v string) { s.Recipient = v }},
		{"--password-stdin", passwords, func(s *bench.Server, v string) { s.Password = v }},
	} {
		for i := range servers {
			switch len(list.values) {
			case 1:
				list.set(&servers[i], list.values[0])
			case len(servers):
				list.set(&servers[i], list.values[i])
			default:
				return nil, misuse(cmd, a.t(text{"%s: one is needed, or one for each server (%d), not %d", "%s: es braucht eins, oder eins je Server (%d), nicht %d"}),
					list.what, len(servers), len(list.values))
			}
		}
	}
	return servers, nil
}

// benchServer reads NAME=HOST:PORT[,tls].
func (a *app) benchServer(cmd *cobra.Command, s string) (bench.Server, error) {
	name, rest, _ := strings.Cut(s, "=")
	addr, how, _ := strings.Cut(rest, ",")
	host, _, err := net.SplitHostPort(addr)
	if name == "" || err != nil {
		return bench.Server{}, misuse(cmd, a.t(text{"--server is NAME=HOST:PORT, perhaps with ,tls, not %q", "--server ist NAME=HOST:PORT, vielleicht mit ,tls, nicht %q"}), s)
	}
	server := bench.Server{Name: name, Addr: addr}
	switch how {
	case "":
	case "tls":
		server.TLS = &tls.Config{ServerName: host}
	case "tls-unverified":
		server.TLS = &tls.Config{ServerName: host, InsecureSkipVerify: true} // asked for: a test account
	default:
		return server, misuse(cmd, a.t(text{"after the address can be tls or tls-unverified, not %q", "hinter der Adresse kann tls oder tls-unverified stehen, nicht %q"}), how)
	}
	return server, nil
}

// benchPasswords asks for a password, or reads lines of standard input.
func (a *app) benchPasswords(cmd *cobra.Command, fromStdin bool) (list []string, err error) {
	if !fromStdin {
		password, err := a.oldPassword(cmd, false)
		return []string{password}, err
	}
	lines := bufio.NewScanner(io.LimitReader(a.stdin, 64<<10))
	for lines.Scan() {
		list = append(list, strings.TrimSuffix(lines.Text(), "\r"))
	}
	return list, lines.Err()
}

// benchTitles are the measurements as people read them.
var benchTitles = map[string]text{
	"login":           {"log in, 1 connection", "Anmelden, 1 Verbindung"},
	"login_together":  {"log in, several connections", "Anmelden, mehrere Verbindungen"},
	"append":          {"APPEND, 1 connection", "APPEND, 1 Verbindung"},
	"append_together": {"APPEND, several connections", "APPEND, mehrere Verbindungen"},
	"append_many":     {"APPEND of many (MULTIAPPEND)", "APPEND von vielen (MULTIAPPEND)"},
	"select":          {"SELECT", "SELECT"},
	"fetch_flags":     {"FETCH all flags", "FETCH aller Flags"},
	"fetch_envelopes": {"FETCH all envelopes, structures", "FETCH aller Umschläge, Strukturen"},
	"fetch_bodies":    {"FETCH all messages", "FETCH aller Nachrichten"},
	"search_unseen":   {"SEARCH UNSEEN", "SEARCH UNSEEN"},
	"search_subject":  {"SEARCH SUBJECT", "SEARCH SUBJECT"},
	"search_body":     {"SEARCH BODY", "SEARCH BODY"},
	"noop":            {"NOOP", "NOOP"},
	"append_full":     {"APPEND into the full mailbox", "APPEND in das volle Postfach"},
	"store":           {"STORE, one message after another", "STORE, eine Nachricht nach der anderen"},
	"store_all":       {"STORE, all at once", "STORE, alle auf einmal"},
	"resync":          {"SELECT with QRESYNC, changes", "SELECT mit QRESYNC, Änderungen"},
	"copy":            {"COPY", "COPY"},
	"move":            {"MOVE", "MOVE"},
	"expunge":         {"EXPUNGE", "EXPUNGE"},
	"create":          {"CREATE", "CREATE"},
	"list":            {"LIST of all mailboxes", "LIST aller Postfächer"},
	"idle_push":       {"IDLE, until a new message shows", "IDLE, bis eine neue Nachricht erscheint"},
	"lmtp":            {"LMTP, 1 connection", "LMTP, 1 Verbindung"},
}

// showBench writes the table: a row for each measurement, and for each server its
// figure and, from the second on, how many times as fast as the first it is.
func (a *app) showBench(w io.Writer, rows []bench.Row) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, a.t(text{"MEASURED", "GEMESSEN"}))
	for i, f := range rows[0].Figures {
		fmt.Fprintf(table, "\t%s", f.Server)
		if i > 0 {
			fmt.Fprint(table, "\t×")
		}
	}
	fmt.Fprintln(table)
	var remarks []string
	for _, row := range rows {
		title := a.t(benchTitles[row.Workload])
		fmt.Fprint(table, title)
		for i, f := range row.Figures {
			cell, ratio := a.benchFigure(row.Unit, f), ""
			if f.Ratio > 0 {
				ratio = threeDigits(f.Ratio)
			}
			switch {
			case f.Error != "":
				cell = a.t(text{"failed", "misslungen"})
				remarks = append(remarks, fmt.Sprintf("%s, %s: %s", f.Server, title, f.Error))
			case f.Skipped != "":
				cell = fmt.Sprintf(a.t(text{"no %s", "kein %s"}), f.Skipped)
			}
			fmt.Fprintf(table, "\t%s", cell)
			if i > 0 {
				fmt.Fprintf(table, "\t%s", ratio)
			}
		}
		fmt.Fprintln(table)
	}
	table.Flush()
	for _, r := range remarks {
		fmt.Fprintln(w, r)
	}
}

// benchFigure writes a value with its unit.
func (a *app) benchFigure(unit bench.Unit, f bench.Figure) string {
	switch unit {
	case bench.Milliseconds:
		return threeDigits(f.Value) + " ms"
	case bench.Megabytes:
		return threeDigits(f.Value) + " MB/s"
	}
	return threeDigits(f.Value) + "/s"
}

// threeDigits writes a number so that people can compare it.
func threeDigits(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
