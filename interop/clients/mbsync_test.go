package clients

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// mbsync keeps Maildirs and mailboxes equal in both directions.
func mbsync() client {
	return client{
		name:     "mbsync",
		packages: []string{"isync"},
		version: func(r *rig) string {
			return strings.TrimPrefix(strings.TrimSpace(r.run("mbsync", "--version")), "isync ")
		},
		do: map[action]func(*rig){
			plain: mbsyncPlain, secure: mbsyncSecure, list: mbsyncList, read: mbsyncRead, flag: mbsyncFlag,
			upload: mbsyncUpload, move: mbsyncMove, remove: mbsyncRemove, follow: mbsyncFollow, share: mbsyncShare,
		},
	}
}

// An mbsyncConfig says as whom to log in, how, and which mailboxes to keep.
type mbsyncConfig struct{ user, pass, host, port, tls, patterns, ca string }

// mbsyncFor returns the arguments that make mbsync use a configuration, with a
// replica of its own for each user, under mbsyncDir.
func (r *rig) mbsyncFor(c mbsyncConfig) []string {
	r.Helper()
	r.mkdir(c.user)
	return []string{"-c", r.write("mbsyncrc", `FSync no
IMAPAccount far
Host %[3]s
Port %[4]s
User %[1]s
Pass %[2]s
SSLType %[5]s
CertificateFile %[7]s
AuthMechs *

IMAPStore far
Account far

MaildirStore near
Path ~/%[1]s/
Inbox ~/%[1]s/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns %[6]s
Create Both
Remove Both
Expunge Both
Sync All
SyncState *
CopyArrivalDate yes
`, c.user, c.pass, c.host, c.port, c.tls, c.patterns, cmp.Or(c.ca, r.node.ca))}
}

// mbsync synchronizes all of anna's mailboxes but the one that others test.
func (r *rig) mbsync() {
	r.Helper()
	c := mbsyncConfig{"anna", password, "127.0.0.1", r.node.imap, "None", "* !Team", ""}
	r.run("mbsync", append(r.mbsyncFor(c), "-a")...)
}

// mbsyncDir is where a mailbox of anna's is kept.
func (r *rig) mbsyncDir(mailbox string) maildir {
	return maildir(filepath.Join(r.home, "anna", mailbox))
}

// tuid is the field that mbsync puts into each message that it carries over, to
// find it again.
var tuid = regexp.MustCompile(`(?m)^X-TUID: \S{12}\r?\n`)

func withoutTUID(raw []byte) []byte { return tuid.ReplaceAll(raw, nil) }

func mbsyncPlain(r *rig) {
	c := mbsyncConfig{"anna", password, "127.0.0.1", r.node.imap, "None", "INBOX", ""}
	r.contains(r.run("mbsync", append(r.mbsyncFor(c), "-l", "all")...), "INBOX")
	c.pass = "wrong"
	r.refused("AUTHENTICATIONFAILED", "mbsync", append(r.mbsyncFor(c), "-l", "all")...)
}

func mbsyncSecure(r *rig) {
	for _, c := range []mbsyncConfig{
		{"anna", password, "localhost", r.node.tls, "IMAPS", "INBOX", ""},
		{"anna", password, "localhost", r.node.imap, "STARTTLS", "INBOX", ""},
	} {
		r.contains(r.run("mbsync", append(r.mbsyncFor(c), "-l", "all")...), "INBOX")
	}
	c := mbsyncConfig{"anna", password, "localhost", r.node.imap, "STARTTLS", "INBOX", ""}
	c.ca = r.foreignCA()
	r.refused("certificate", "mbsync", append(r.mbsyncFor(c), "-l", "all")...)
}

func mbsyncList(r *rig) {
	c := mbsyncConfig{"anna", password, "127.0.0.1", r.node.imap, "None", "*", ""}
	got := strings.Fields(r.run("mbsync", append(r.mbsyncFor(c), "-l", "all")...))
	for _, box := range []string{"INBOX", "Sent", "Trash", "Projects/2026"} {
		if !slices.Contains(got, box) {
			r.Errorf("%s is missing in %q", box, got)
		}
	}
}

func mbsyncRead(r *rig) {
	r.fill(ideas, samples()...)
	r.mbsync()
	r.mbsyncDir(ideas).holds(r, withoutTUID, samples()...)
	for _, s := range samples() {
		r.flags(ideas, s) // fetched without being read
	}
}

func mbsyncFlag(r *rig) {
	s := notes("one", "two")
	r.fill("INBOX", s...)
	r.mbsync()
	r.mbsyncDir("INBOX").setFlags(r, "one", "FRS")
	r.mbsync()
	r.flags("INBOX", s[0], `\Answered`, `\Flagged`, `\Seen`)
	r.flags("INBOX", s[1])
	r.mbsyncDir("INBOX").setFlags(r, "one", "S")
	r.mbsync()
	r.flags("INBOX", s[0], `\Seen`)
}

func mbsyncUpload(r *rig) {
	r.fill("Projects/2026")
	r.mbsync()
	for _, s := range samples() {
		r.mbsyncDir("Projects/2026").add(r, s)
	}
	r.mbsync()
	r.holdsBut("Projects/2026", withoutTUID, samples()...)
}

func mbsyncMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	r.mbsync()
	r.mbsyncDir("Projects/2026").add(r, note("two"))
	r.mbsyncDir("INBOX").remove(r, "two")
	r.mbsync()
	r.holds("INBOX", notes("one", "three")...)
	r.holdsBut("Projects/2026", withoutTUID, note("two"))
}

func mbsyncRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.mbsync()
	r.mbsyncDir("INBOX").remove(r, "two")
	r.mbsyncDir("INBOX").setFlags(r, "three", "T")
	r.mbsync()
	r.holds("INBOX", note("one"))
	r.mbsyncDir("INBOX").holds(r, withoutTUID, note("one"))
}

func mbsyncFollow(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.mbsync()
	r.anna.do("SELECT INBOX")
	r.anna.do(`UID STORE 1:* +FLAGS (\Flagged)`)
	r.anna.do(`STORE 2 +FLAGS (\Deleted)`)
	r.anna.do("EXPUNGE")
	r.anna.append("INBOX", `\Seen`, note("four").raw)
	r.anna.create("Projects/2027")
	r.anna.append("Projects/2027", "", note("five").raw)
	r.mbsync()
	inbox := r.mbsyncDir("INBOX")
	inbox.holds(r, withoutTUID, notes("one", "three", "four")...)
	r.mbsyncDir("Projects/2027").holds(r, withoutTUID, note("five"))
	if one, four := inbox.message(r, "one"), inbox.message(r, "four"); one.flags != "F" || four.flags != "S" {
		r.Errorf("flags: one has %q, want F; four has %q, want S", one.flags, four.flags)
	}
}

// mbsyncShare: ben keeps anna's folder. What he may goes both ways, what he may
// not is refused and does not stop the rest.
func mbsyncShare(r *rig) {
	s := notes("one", "two")
	r.fillTeam(s...)
	sync := append(r.mbsyncFor(mbsyncConfig{"ben", password, "127.0.0.1", r.node.imap, "None", sharedTeam, ""}), "-a")
	r.run("mbsync", sync...)
	dir := maildir(filepath.Join(r.home, "ben", sharedTeam))
	dir.holds(r, withoutTUID, s...)
	dir.setFlags(r, "one", "FS")
	r.run("mbsync", sync...)
	r.flags(team, s[0], `\Flagged`) // \Seen is ben's own

	dir.add(r, note("mine"))
	r.contains(r.run("mbsync", sync...), "NO [NOPERM] You lack the right i", "refuses to store message")
	r.holds(team, s...)
	dir.remove(r, "mine")

	dir.remove(r, "two")
	r.contains(r.run("mbsync", sync...), "NO [NOPERM] You lack the right t")
	r.holds(team, s...)
	r.flags(team, s[1])

	r.anna.append(team, "", note("three").raw)
	r.run("mbsync", sync...)
	dir.message(r, "three")
}
