package clients

import (
	_ "embed"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed testdata/thunderbird.js
var thunderbirdScript string

// A thunderbird is one with three accounts: anna's over TLS, ben's without, and
// clara's by STARTTLS. Its methods are the actions.
type thunderbird struct{ m *marionette }

func thunderbirdClient() client {
	c := &thunderbird{}
	return client{
		name:     "Thunderbird",
		packages: []string{"thunderbird", "xvfb"},
		limit:    150 * time.Second,
		version: func(r *rig) string {
			return strings.Fields(strings.TrimPrefix(r.run("thunderbird", "--version"), "Mozilla "))[1]
		},
		setup: c.start,
		do: map[action]func(*rig){
			plain: c.plain, secure: c.secure, list: c.list, read: c.read, flag: c.flag,
			upload: c.upload, move: c.move, remove: c.remove, follow: c.follow, share: c.share,
		},
	}
}

// start writes a profile and starts Thunderbird with it.
func (c *thunderbird) start(r *rig) {
	var prefs strings.Builder
	pref := func(name string, value any) { fmt.Fprintf(&prefs, "user_pref(%q, %#v);\n", name, value) }
	for name, value := range map[string]any{
		"marionette.port": 0, "app.update.auto": false, "app.donation.eoy.version.viewed": 999,
		"datareporting.policy.dataSubmissionEnabled": false, "datareporting.policy.dataSubmissionPolicyBypassNotification": true,
		"mail.provider.suppress_dialog_on_startup": true, "mail.rights.version": 1, "mail.shell.checkDefaultClient": false,
		"mail.spotlight.firstRunDone": true, "mail.winsearch.firstRunDone": true, "mailnews.start_page.enabled": false,
		"mailnews.start_page_override.mstone": "ignore", "toolkit.telemetry.enabled": false, "extensions.update.enabled": false,
		"browser.safebrowsing.malware.enabled": false, "browser.safebrowsing.phishing.enabled": false, "mail.inappnotifications.enabled": false,
		"offline.autoDetect": false, "network.manage-offline-status": false, "mail.prompt_purge_threshhold": false,
		"mail.warn_on_shift_delete": false, "mail.warn_on_delete_from_trash": false, "mailnews.mark_message_read.delay": false, "general.warnOnAboutConfig": false,
		"mail.accountmanager.accounts": "account1,account2,account3", "mail.accountmanager.defaultaccount": "account1",
	} {
		pref(name, value)
	}
	for i, a := range []struct {
		user, port string
		socket     int
	}{{"anna", r.node.tls, 3}, {"ben", r.node.imap, 0}, {"clara", r.node.imap, 2}} {
		account, server, id := fmt.Sprintf("account%d", i+1), fmt.Sprintf("mail.server.server%d.", i+1), fmt.Sprintf("id%d", i+1)
		pref("mail.account."+account+".server", fmt.Sprintf("server%d", i+1))
		pref("mail.account."+account+".identities", id)
		pref("mail.identity."+id+".useremail", a.user+"@example.org")
		pref("mail.identity."+id+".fullName", a.user)
		pref(server+"type", "imap")
		pref(server+"hostname", "localhost")
		pref(server+"userName", a.user)
		pref(server+"name", a.user)
		fmt.Fprintf(&prefs, "user_pref(%q, %s);\n", server+"port", a.port)
		pref(server+"socketType", a.socket)
		pref(server+"authMethod", 3) // the password, as it is
		pref(server+"login_at_startup", false)
		pref(server+"check_new_mail", false)
		pref(server+"check_all_folders_for_new", true)
	}
	r.write("thunderbird/user.js", "%s", prefs.String())
	c.m = r.marionette("thunderbird", r.mkdir("thunderbird"))
	c.m.run(nil, thunderbirdScript)
	ca, err := os.ReadFile(r.node.ca)
	r.must(err)
	block, _ := pem.Decode(ca)
	c.m.run(nil, "await interop.trust(...args)", base64.StdEncoding.EncodeToString(block.Bytes))
	for _, user := range []string{"anna", "ben", "clara"} {
		c.m.run(nil, "await interop.password(...args)", user, password)
	}
	c.m.picture("started")
}

// A thunderbirdFolder is what it knows about one.
type thunderbirdFolder struct {
	Name, Pretty                    string
	Unread, Total                   int
	Sent, Trash, CanDelete, CanFile bool
}

func (c *thunderbird) folders(r *rig, user string) (list []thunderbirdFolder) {
	r.Helper()
	c.m.with(r).run(&list, "return interop.folders(...args)", user)
	return list
}

// folder waits until Thunderbird has one that is as it should be.
func (c *thunderbird) folder(r *rig, user, name, what string, good func(thunderbirdFolder) bool) thunderbirdFolder {
	r.Helper()
	var list []thunderbirdFolder
	var at int
	c.m.with(r).until(fmt.Sprintf("want %s in %s's folder %s", what, user, name), patience, func() bool {
		list = c.folders(r, user)
		at = slices.IndexFunc(list, func(f thunderbirdFolder) bool { return f.Name == name && good(f) })
		return at >= 0
	})
	return list[at]
}

// messages waits until a folder shows messages that are as they should be.
func (c *thunderbird) messages(r *rig, user, name, what string, good func([]thunderbirdMessage) bool) {
	r.Helper()
	var list []thunderbirdMessage
	c.m.with(r).until(fmt.Sprintf("want %s in %s's folder %s", what, user, name), patience, func() bool {
		list = nil
		c.m.run(&list, "return interop.messages(...args)", user, name)
		return good(list)
	})
}

// A thunderbirdMessage is what it knows about one.
type thunderbirdMessage struct {
	Subject       string
	Read, Flagged bool
}

// show opens a folder in the window and looks into it until these messages are
// there.
func (c *thunderbird) show(r *rig, user, name string, samples ...sample) {
	r.Helper()
	looked := 0
	c.messages(r, user, name, fmt.Sprint(len(samples), " messages"), func(l []thunderbirdMessage) bool {
		if looked%20 == 0 { // each two seconds: while it is at something it does not look
			c.m.run(nil, "await interop.show(...args)", user, name)
		}
		looked++
		return len(l) == len(samples) && !slices.ContainsFunc(samples, func(s sample) bool {
			return !slices.ContainsFunc(l, func(m thunderbirdMessage) bool { return m.Subject == s.subject })
		})
	})
}

// open opens a message of the folder that is shown and waits for a text in it.
func (c *thunderbird) open(r *rig, subject, text string) {
	r.Helper()
	c.m.with(r).until("want "+subject+" in the list", patience, func() (ok bool) {
		c.m.run(&ok, "return interop.open(...args)", subject)
		return ok
	})
	var shown string
	c.m.until("want to read "+text, patience, func() bool {
		c.m.run(&shown, "return interop.text()")
		return strings.Contains(shown, text)
	})
}

// command does what a menu item does; false: it is disabled.
func (c *thunderbird) command(r *rig, name string) (enabled bool) {
	r.Helper()
	c.m.with(r).run(&enabled, "return interop.command(...args)", name)
	return enabled
}

// logIn clicks on a user's inbox, for which Thunderbird must log in.
func (c *thunderbird) logIn(r *rig, user string) {
	r.Helper()
	c.m.with(r).run(nil, "await interop.show(...args)", user, "INBOX")
	c.folder(r, user, "Trash", "it", func(f thunderbirdFolder) bool { return f.Trash })
}

// plain: ben's password is wrong at first, and Thunderbird asks for another.
func (c *thunderbird) plain(r *rig) {
	c.m.with(r).run(nil, "await interop.password(...args)", "ben", "wrong")
	c.m.run(nil, "await interop.show(...args)", "ben", "INBOX")
	c.m.alert("ben")
	c.m.run(nil, "await interop.password(...args)", "ben", password)
	c.logIn(r, "ben")
}

func (c *thunderbird) secure(r *rig) {
	c.logIn(r, "anna")
	c.logIn(r, "clara")
}

func (c *thunderbird) list(r *rig) {
	c.m.with(r).run(nil, "await interop.discover(...args)", "anna")
	c.folder(r, "anna", "Entwürfe & Ideen", "its name", func(f thunderbirdFolder) bool { return f.Pretty == f.Name })
	c.folder(r, "anna", "Projects/2026", "it", func(f thunderbirdFolder) bool { return f.CanFile })
	c.folder(r, "anna", "Trash", "the role of trash", func(f thunderbirdFolder) bool { return f.Trash })
	c.folder(r, "anna", "Sent", "the role of sent", func(f thunderbirdFolder) bool { return f.Sent })
	c.m.picture("folders")
}

// mozillaStatus are fields that Thunderbird writes before messages that it keeps.
var mozillaStatus = regexp.MustCompile(`\A(?:X-Mozilla-\w+: .*\n)+`)

func (c *thunderbird) read(r *rig) {
	all := samples()
	r.fill(ideas, all...)
	c.show(r, "anna", "Entwürfe & Ideen", all...)
	for _, s := range all {
		var text string
		c.m.run(&text, "return await interop.source(...args)", "anna", "Entwürfe & Ideen", s.subject)
		raw, err := base64.StdEncoding.DecodeString(text)
		r.must(err)
		r.same(mozillaStatus.ReplaceAll(raw, nil), s)
	}
	c.open(r, "umlauts", "Grüße aus Köln, 100 € für Žofie.")
	c.open(r, "attached", "Grüße")
	c.m.picture("message")
	r.anna.await(ideas, "two are seen", func(l []message) bool {
		return l[1].has(`\Seen`) && l[6].has(`\Seen`) && !l[0].has(`\Seen`)
	})
}

func (c *thunderbird) flag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	c.show(r, "anna", "INBOX", notes("one", "two")...)
	c.open(r, "one", "A note about one.")
	c.command(r, "cmd_markAsFlagged")
	r.anna.await("INBOX", "flagged and seen", func(l []message) bool { return l[0].has(`\Flagged`) && l[0].has(`\Seen`) })
	c.command(r, "cmd_markAsFlagged")
	c.command(r, "cmd_markAsUnread")
	r.anna.await("INBOX", "not flagged", func(l []message) bool { return !l[0].has(`\Flagged`) && !l[0].has(`\Seen`) })
	r.flags("INBOX", note("two"))
}

func (c *thunderbird) upload(r *rig) {
	r.fill("Projects/2026")
	for _, s := range samples() {
		c.m.with(r).run(nil, "await interop.upload(...args)", "anna", "Projects/2026", r.write(s.subject+".eml", "%s", s.raw))
	}
	r.holds("Projects/2026", samples()...)
}

func (c *thunderbird) move(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	c.show(r, "anna", "INBOX", notes("one", "two", "three")...)
	c.m.run(nil, "await interop.transfer(...args)", "anna", "INBOX", "one", "Projects/2026", false)
	r.anna.await("Projects/2026", "one copied", func(l []message) bool { return len(l) == 1 })
	c.m.run(nil, "await interop.transfer(...args)", "anna", "INBOX", "two", "Projects/2026", true)
	r.anna.await("INBOX", "two moved away", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
	c.messages(r, "anna", "INBOX", "two messages", func(l []thunderbirdMessage) bool { return len(l) == 2 })
}

// remove deletes a message, which goes into the trash, and there for good.
func (c *thunderbird) remove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Trash")
	c.show(r, "anna", "INBOX", notes("one", "two", "three")...)
	c.open(r, "two", "A note about two.")
	c.command(r, "cmd_delete")
	r.anna.await("Trash", "two", func(l []message) bool { return len(l) == 1 })
	r.anna.await("INBOX", "two gone", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
	c.show(r, "anna", "Trash", note("two"))
	c.open(r, "two", "A note about two.")
	c.command(r, "cmd_shiftDelete")
	// It expunges when it compacts the folder.
	r.anna.await("Trash", "it deleted", func(l []message) bool { return len(l) == 1 && l[0].has(`\Deleted`) })
}

// follow: a folder is shown, and what the observer does is pushed; then
// Thunderbird goes offline, is worked with, and comes back.
func (c *thunderbird) follow(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	c.show(r, "anna", "INBOX", notes("one", "two")...)
	r.anna.append("INBOX", "", note("three").raw)
	c.messages(r, "anna", "INBOX", "three", func(l []thunderbirdMessage) bool { return len(l) == 3 })
	r.anna.do("SELECT INBOX")
	r.anna.do(`STORE 1 +FLAGS (\Flagged)`)
	c.messages(r, "anna", "INBOX", "the star", func(l []thunderbirdMessage) bool { return l[0].Flagged })
	r.anna.do(`STORE 2 +FLAGS.SILENT (\Deleted)`)
	r.anna.do("EXPUNGE")
	c.messages(r, "anna", "INBOX", "two gone", func(l []thunderbirdMessage) bool { return len(l) == 2 })

	c.m.run(nil, "await interop.download(...args); await interop.offline(true)", "anna", "INBOX")
	c.open(r, "three", "A note about three.")
	c.command(r, "cmd_markAsFlagged")
	r.anna.append("INBOX", "", note("four").raw)
	c.m.picture("offline")
	c.m.run(nil, "await interop.offline(false)")
	r.anna.await("INBOX", "what was done offline", func(l []message) bool { return l[1].has(`\Flagged`) && l[1].has(`\Seen`) })
	c.show(r, "anna", "INBOX", notes("one", "three", "four")...)
}

// share: ben sees anna's folder, reads and flags in it, and deletes nothing.
func (c *thunderbird) share(r *rig) {
	s := notes("one", "two")
	r.fillTeam(s...)
	c.m.with(r).run(nil, "await interop.discover(...args)", "ben")
	c.folder(r, "ben", sharedTeam, "it", func(f thunderbirdFolder) bool { return f.Pretty == team })
	c.show(r, "ben", sharedTeam, s...)
	c.open(r, "one", "A note about one.")
	c.command(r, "cmd_markAsFlagged")
	r.anna.await(team, "flagged", func(l []message) bool { return l[0].has(`\Flagged`) })
	c.folder(r, "ben", sharedTeam, "one unread message", func(f thunderbirdFolder) bool { return f.Unread == 1 && f.Total == 2 })
	c.m.picture("shared")

	// What anna has seen ben has not.
	r.anna.do("SELECT %q", team)
	r.anna.do(`STORE 2 +FLAGS (\Seen \Flagged)`)
	c.messages(r, "ben", sharedTeam, "the star of the second, unread", func(l []thunderbirdMessage) bool { return l[1].Flagged && !l[1].Read })
	r.anna.do(`STORE 2 -FLAGS (\Seen \Flagged)`)

	// It knows from MYRIGHTS what it need not try.
	c.folder(r, "ben", sharedTeam, "no right to delete or upload", func(f thunderbirdFolder) bool { return !f.CanDelete && !f.CanFile })
	if c.command(r, "cmd_delete") {
		r.Error("Thunderbird offers to delete")
	}
	c.m.run(nil, "interop.upload(...args).catch(() => {})", "ben", sharedTeam, r.write("mine.eml", "%s", note("mine").raw))
	c.m.alert("You lack the right i")
	r.holds(team, s...)
	r.flags(team, s[0], `\Flagged`) // what ben has seen anna has not
	r.flags(team, s[1])
	c.revoked(r, s)
}

// revoked takes the right to read away while ben looks into the folder, gives it
// back, and takes it again while Thunderbird is offline with a star to tell of.
// It may say once that there is no such mailbox; the inbox goes on, the folder
// disappears when the folders are listed, and comes back whole.
func (c *thunderbird) revoked(r *rig, s []sample) {
	c.m.dialog = "There is no such mailbox"
	defer func() { c.m.dialog = "" }()
	c.show(r, "ben", sharedTeam, s...)
	r.revoke()
	c.goesOn(r, "revoked")
	c.listed(r, false)
	r.restore()
	c.listed(r, true)
	c.show(r, "ben", sharedTeam, s...)

	c.m.run(nil, "await interop.download(...args); await interop.offline(true)", "ben", sharedTeam)
	c.open(r, "two", "A note about two.")
	c.command(r, "cmd_markAsFlagged")
	r.revoke()
	c.m.run(nil, "await interop.offline(false)")
	c.goesOn(r, "back")
	c.listed(r, false)
	r.flags(team, s[1])
	r.restore()
	c.listed(r, true)
	c.show(r, "ben", sharedTeam, s...)
	r.holds(team, s...)
}

// goesOn delivers a message to ben and looks whether it is shown.
func (c *thunderbird) goesOn(r *rig, subject string) {
	r.Helper()
	r.observe("ben").append("INBOX", "", note(subject).raw)
	looked := 0
	c.messages(r, "ben", "INBOX", subject, func(l []thunderbirdMessage) bool {
		if looked%20 == 0 {
			c.m.run(nil, "await interop.show(...args)", "ben", "INBOX")
		}
		looked++
		return slices.ContainsFunc(l, func(m thunderbirdMessage) bool { return m.Subject == subject })
	})
}

// listed lists ben's folders until the shared one is among them, or is not.
func (c *thunderbird) listed(r *rig, want bool) {
	r.Helper()
	looked := 0
	c.m.with(r).until(fmt.Sprintf("want the shared folder to be there: %v", want), patience, func() bool {
		if looked%20 == 0 {
			c.m.run(nil, "await interop.discover(...args)", "ben")
		}
		looked++
		return want == slices.ContainsFunc(c.folders(r, "ben"), func(f thunderbirdFolder) bool { return f.Name == sharedTeam })
	})
}
