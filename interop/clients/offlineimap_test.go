package clients

import (
	"path/filepath"
	"strings"
)

// offlineimap keeps Maildirs and mailboxes equal in both directions.
func offlineimap() client {
	return client{
		name:     "offlineimap3",
		packages: []string{"offlineimap3"},
		version:  func(r *rig) string { return strings.TrimSpace(r.run("offlineimap", "--version")) },
		do: map[action]func(*rig){
			plain: offlineimapPlain, secure: offlineimapSecure, list: offlineimapList, read: offlineimapRead, flag: offlineimapFlag,
			upload: offlineimapUpload, move: offlineimapMove, remove: offlineimapRemove, follow: offlineimapFollow, share: offlineimapShare,
		},
	}
}

// An offlineimapConfig says as whom to log in and how.
type offlineimapConfig struct{ user, pass, host, port, tls string }

// offlineimapFor returns the arguments that make offlineimap use a configuration,
// with a replica for each user.
func (r *rig) offlineimapFor(c offlineimapConfig) []string {
	r.Helper()
	return []string{"-o", "-u", "basic", "-c", r.write("offlineimaprc", `[general]
accounts = test
metadata = %[6]s/offlineimap
socktimeout = 20
[Account test]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = %[6]s/%[1]s
[Repository far]
type = IMAP
remotehost = %[3]s
remoteport = %[4]s
remoteuser = %[1]s
remotepass = %[2]s
retrycount = 1
%[5]s
`, c.user, c.pass, c.host, c.port, c.tls, r.home)}
}

const offlineimapNoTLS = "ssl = no\nstarttls = no"

// offlineimap synchronizes mailboxes of anna's, or all of them.
func (r *rig) offlineimap(mailboxes ...string) string {
	r.Helper()
	return r.run("offlineimap", r.offlineimapArgs("anna", mailboxes...)...)
}

func (r *rig) offlineimapArgs(user string, mailboxes ...string) []string {
	args := r.offlineimapFor(offlineimapConfig{user, password, "127.0.0.1", r.node.imap, offlineimapNoTLS})
	if len(mailboxes) > 0 {
		args = append(args, "-f", strings.Join(mailboxes, ","))
	}
	return args
}

// offlineimapDir is where a mailbox is kept: it puts a dot for the separator.
func (r *rig) offlineimapDir(user, mailbox string) maildir {
	return maildir(filepath.Join(r.home, user, strings.ReplaceAll(mailbox, "/", ".")))
}

func offlineimapPlain(r *rig) {
	r.offlineimap("INBOX")
	c := offlineimapConfig{"anna", "wrong", "127.0.0.1", r.node.imap, offlineimapNoTLS}
	r.refused("AUTHENTICATIONFAILED", "offlineimap", r.offlineimapFor(c)...)
}

func offlineimapSecure(r *rig) {
	for port, tls := range map[string]string{r.node.tls: "ssl = yes", r.node.imap: "ssl = no\nstarttls = yes"} {
		config := offlineimapConfig{"anna", password, "localhost", port, tls + "\nsslcacertfile = " + r.node.ca}
		r.run("offlineimap", append(r.offlineimapFor(config), "-f", "INBOX")...)
	}
	config := offlineimapConfig{"anna", password, "localhost", r.node.tls, "ssl = yes\nsslcacertfile = " + r.foreignCA()}
	r.refused("CERTIFICATE_VERIFY_FAILED", "offlineimap", append(r.offlineimapFor(config), "-f", "INBOX")...)
}

func offlineimapList(r *rig) {
	out := r.run("offlineimap", append(r.offlineimapArgs("anna"), "--info")...)
	r.contains(out, "INBOX", "Projects/2026", ideas, "Folderlist:")
}

func offlineimapRead(r *rig) {
	r.fill(ideas, samples()...)
	r.offlineimap(ideas)
	r.offlineimapDir("anna", ideas).holds(r, asIs, samples()...)
	for _, s := range samples() {
		r.flags(ideas, s) // fetched without being read
	}
}

func offlineimapFlag(r *rig) {
	s := notes("one", "two")
	r.fill("INBOX", s...)
	r.offlineimap("INBOX")
	inbox := r.offlineimapDir("anna", "INBOX")
	inbox.setFlags(r, "one", "FRS")
	r.offlineimap("INBOX")
	r.flags("INBOX", s[0], `\Answered`, `\Flagged`, `\Seen`)
	inbox.setFlags(r, "one", "S")
	r.offlineimap("INBOX")
	r.flags("INBOX", s[0], `\Seen`)
	r.flags("INBOX", s[1])
}

func offlineimapUpload(r *rig) {
	r.fill("Projects/2026")
	r.offlineimap("Projects/2026")
	for _, s := range samples() {
		r.offlineimapDir("anna", "Projects/2026").add(r, s)
	}
	r.offlineimap("Projects/2026")
	r.holds("Projects/2026", samples()...)
}

func offlineimapMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	r.offlineimap("INBOX", "Projects/2026")
	r.offlineimapDir("anna", "Projects/2026").add(r, note("two"))
	r.offlineimapDir("anna", "INBOX").remove(r, "two")
	r.offlineimap("INBOX", "Projects/2026")
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", note("two"))
}

func offlineimapRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.offlineimap("INBOX")
	inbox := r.offlineimapDir("anna", "INBOX")
	inbox.remove(r, "two")
	inbox.setFlags(r, "three", "T") // it expunges before it sets flags
	r.offlineimap("INBOX")
	r.holds("INBOX", notes("one", "three")...)
	r.flags("INBOX", note("three"), `\Deleted`)
}

func offlineimapFollow(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.offlineimap()
	r.anna.do("SELECT INBOX")
	r.anna.do(`UID STORE 1:* +FLAGS (\Flagged)`)
	r.anna.do(`STORE 2 +FLAGS (\Deleted)`)
	r.anna.do("EXPUNGE")
	r.anna.append("INBOX", `\Seen`, note("four").raw)
	r.anna.create("Projects/2027")
	r.anna.append("Projects/2027", "", note("five").raw)
	r.offlineimap()
	inbox := r.offlineimapDir("anna", "INBOX")
	inbox.holds(r, asIs, notes("one", "three", "four")...)
	r.offlineimapDir("anna", "Projects/2027").holds(r, asIs, note("five"))
	if one, four := inbox.message(r, "one"), inbox.message(r, "four"); one.flags != "F" || four.flags != "S" {
		r.Errorf("flags: one has %q, want F; four has %q, want S", one.flags, four.flags)
	}
}

func offlineimapShare(r *rig) {
	s := notes("one", "two")
	r.fillTeam(s...)
	args := r.offlineimapArgs("ben", sharedTeam)
	r.run("offlineimap", args...)
	dir := r.offlineimapDir("ben", sharedTeam)
	dir.holds(r, asIs, s...)
	dir.setFlags(r, "one", "FS")
	r.run("offlineimap", args...)
	r.flags(team, s[0], `\Flagged`) // \Seen is ben's own

	dir.add(r, note("mine"))
	r.refused("[NOPERM] You lack the right i", "offlineimap", args...)
	r.holds(team, s...)
	dir.remove(r, "mine")

	dir.remove(r, "two")
	r.refused("ERROR in syncfolder", "offlineimap", args...) // and stumbles over the reason (8.0.0)
	r.holds(team, s...)
	r.flags(team, s[1])
}
