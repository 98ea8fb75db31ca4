package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"poststube/acl"
	"poststube/directory"
	"poststube/mail"
	"poststube/server"
)

// demoMail holds the sample mail: demo/OWNER/MAILBOX/FILE.
//
//go:embed demo
var demoMail embed.FS

const demoPassword = "demo"

var demoPeople = [...]string{"anna", "ben", "clara"}

// demoListen are ports that need no privilege, on this machine only.
func demoListen() server.Listen {
	return server.Listen{IMAP: []string{"127.0.0.1:1143"}, IMAPS: []string{"127.0.0.1:1993"}, LMTP: []string{"127.0.0.1:1124"}}
}

// fillDemo makes the people, the group and the mail of the demo, once. A store
// with other people is left alone.
func fillDemo(ctx context.Context, store *server.Store) error {
	known := map[string]bool{}
	for p, err := range store.Directory.List(ctx) {
		if err != nil {
			return err
		}
		known[p.Name] = true
	}
	if len(known) > 0 {
		for _, name := range append(demoPeople[:], "sales") {
			if !known[name] {
				return errors.New("--demo wants a data directory of its own, this one has other people in it: give --data another name")
			}
		}
		return nil
	}
	people := make([]directory.NewPerson, len(demoPeople))
	for i, name := range demoPeople {
		people[i] = directory.NewPerson{Name: name, Password: demoPassword}
	}
	added, err := store.Directory.AddPeople(ctx, people, nil)
	if err != nil {
		return err
	}
	group, err := store.Directory.AddGroup(ctx, "sales")
	if err != nil {
		return err
	}
	if err := store.Directory.AddMembers(ctx, group.ID, added[0].ID, added[1].ID); err != nil {
		return err
	}
	if err := fillDemoMail(ctx, store); err != nil {
		return err
	}
	// Whoever is in the group may do everything in its folders but hand out
	// rights; clara reads anna's folder.
	for _, grant := range [...]struct{ owner, mailbox, who, rights string }{
		{"sales", "Inbox", "group:sales", "lrswipkxte"},
		{"sales", "Offers", "group:sales", "lrswipkxte"},
		{"anna", "Recipes", "clara", "lrs"},
	} {
		if err := share(ctx, store, grant.owner, grant.mailbox, grant.who, grant.rights); err != nil {
			return err
		}
	}
	return nil
}

func share(ctx context.Context, store *server.Store, owner, mailbox, who, rights string) error {
	p, err := store.Directory.ByName(ctx, owner)
	if err != nil {
		return err
	}
	id, err := acl.ParseIdentifier(who)
	if err != nil {
		return err
	}
	mod, err := acl.ParseModification(rights, acl.Supported)
	if err != nil {
		return err
	}
	return store.Engine.AsAdmin(p, "demo").SetACL(ctx, mailbox, id, mod)
}

// fillDemoMail appends the sample mail, an hour apart, the last one just now.
func fillDemoMail(ctx context.Context, store *server.Store) error {
	files, err := fs.Glob(demoMail, "demo/*/*/*.eml")
	if err != nil {
		return err
	}
	for i, file := range files {
		dir, _ := path.Split(file)
		words := strings.Split(dir, "/")
		owner, err := store.Directory.ByName(ctx, words[1])
		if err != nil {
			return err
		}
		b, err := demoMail.ReadFile(file)
		if err != nil {
			return err
		}
		date := time.Now().Add(time.Duration(i+1-len(files)) * time.Hour)
		if err := appendDemo(ctx, store, owner, words[2], string(b), date); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func appendDemo(ctx context.Context, store *server.Store, owner directory.Principal, mailbox, message string, date time.Time) error {
	if err := store.Engine.Provision(ctx, owner); err != nil {
		return err
	}
	u := store.Engine.AsAdmin(owner, "demo")
	if _, err := u.Create(ctx, mailbox, nil); err != nil && mail.KindOf(err) != mail.Exists {
		return err
	}
	message = "Date: " + date.Format("Mon, 2 Jan 2006 15:04:05 -0700") + "\r\n" + strings.ReplaceAll(message, "\n", "\r\n")
	up, err := store.Engine.Upload(ctx, strings.NewReader(message), int64(len(message)))
	if err != nil {
		return err
	}
	defer up.Discard()
	_, err = u.Append(ctx, mailbox, []mail.NewMessage{{Upload: up, InternalDate: date}})
	return err
}

// printDemo says what to try.
func (a *app) printDemo(addrs []server.Address) {
	at := map[string]string{}
	for _, addr := range addrs {
		at[addr.Protocol] = addr.Addr
	}
	fmt.Fprintf(a.stdout, a.t(text{`
People: anna, ben, clara; the password of each is %[4]q. anna and ben are in the group sales.
In a mail program: IMAP server %[1]s without encryption, or %[2]s with TLS.
Open Shared/sales/Inbox as anna in one program and as ben in another: what one does, the other sees.
Or type:

  curl -u anna:%[4]s 'imap://%[1]s/INBOX;MAILINDEX=1'
  curl -u ben:%[4]s 'imap://%[1]s/' -X 'LIST "" "*"'
  curl -u ben:%[4]s 'imap://%[1]s/Shared/sales/Inbox' -X 'FETCH 1:* (FLAGS ENVELOPE)'
  %[6]s mailbox list -u anna --data %[5]s
  %[6]s import mbox -u anna --data %[5]s FILE

Mail comes in by LMTP at %[3]s. Ctrl-C ends the server; %[5]s keeps what happened.

`, `
Personen: anna, ben, clara; das Passwort ist bei allen %[4]q. anna und ben sind in der Gruppe sales.
Im Mailprogramm: IMAP-Server %[1]s ohne Verschlüsselung, oder %[2]s mit TLS.
Shared/sales/Inbox in einem Programm als anna und in einem anderen als ben öffnen: was eine tut, sieht der andere.
Oder eintippen:

  curl -u anna:%[4]s 'imap://%[1]s/INBOX;MAILINDEX=1'
  curl -u ben:%[4]s 'imap://%[1]s/' -X 'LIST "" "*"'
  curl -u ben:%[4]s 'imap://%[1]s/Shared/sales/Inbox' -X 'FETCH 1:* (FLAGS ENVELOPE)'
  %[6]s mailbox list -u anna --data %[5]s
  %[6]s import mbox -u anna --data %[5]s DATEI

Mail kommt per LMTP an: %[3]s. Strg-C beendet den Server; %[5]s behält, was geschah.

`}), at["imap"], at["imaps"], at["lmtp"], demoPassword, a.dir, calledAs())
}

// calledAs returns what to type to run this program again: that of "go run" lies in a
// temporary directory.
func calledAs() string {
	if exe, err := os.Executable(); err == nil && strings.Contains(exe, "go-build") {
		return "go run ./cmd/poststube"
	}
	return "poststube"
}
