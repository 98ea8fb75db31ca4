package clients

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed testdata/session.py
var imaplibScript string

// imaplib is the IMAP module of Python's standard library, on which many small
// programs stand; testdata/session.py uses it as they do.
func imaplib() client {
	return client{
		name:     "imaplib",
		packages: []string{"python3"},
		version:  func(r *rig) string { return strings.TrimSpace(r.run("python3", "--version")) },
		do: map[action]func(*rig){
			plain: imaplibPlain, secure: imaplibSecure, list: imaplibList, read: imaplibRead, flag: imaplibFlag,
			upload: imaplibUpload, move: imaplibMove, remove: imaplibRemove, follow: imaplibFollow, share: imaplibShare,
		},
	}
}

// imaplibArgs are those of the script for a connection without TLS.
func (r *rig) imaplibArgs(action string, args ...string) []string {
	script := r.write("session.py", "%s", imaplibScript)
	return append([]string{script, action, "127.0.0.1", r.node.imap, "none", r.node.ca}, args...)
}

func (r *rig) imaplib(action string, args ...string) string {
	r.Helper()
	out := r.run("python3", r.imaplibArgs(action, args...)...)
	r.contains(out, "done")
	return out
}

func imaplibPlain(r *rig) {
	r.imaplib("login", "anna", password)
	r.refused("login failed: b'[AUTHENTICATIONFAILED]", "python3", r.imaplibArgs("login", "anna", "wrong")...)
}

func imaplibSecure(r *rig) {
	script := r.write("session.py", "%s", imaplibScript)
	for tls, port := range map[string]string{"imaps": r.node.tls, "starttls": r.node.imap} {
		r.contains(r.run("python3", script, "login", "localhost", port, tls, r.node.ca), "done")
		r.refused("CERTIFICATE_VERIFY_FAILED", "python3", script, "login", "localhost", port, tls, r.foreignCA())
	}
}

func imaplibList(r *rig) {
	r.contains(r.imaplib("lists"), `(\HasNoChildren) "/" INBOX`, "Projects/2026", `"`+ideas+`"`, `\Sent`,
		`namespaces (("" "/")) (("Users/" "/")) (("Shared/" "/"))`)
}

func imaplibRead(r *rig) {
	r.fill(ideas, samples()...)
	prefix := filepath.Join(r.home, "fetched")
	r.contains(r.imaplib("fetch", ideas, prefix), fmt.Sprintf("messages %d", len(samples())))
	for i, s := range samples() {
		raw, err := os.ReadFile(fmt.Sprintf("%s.%d", prefix, i+1))
		if err != nil {
			r.Fatal(err)
		}
		r.same(raw, s)
	}
}

func imaplibFlag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	out := r.imaplib("flags", "INBOX")
	r.contains(out, `FLAGS (\\Flagged $Todo`, `FLAGS ($Todo`)
	r.flags("INBOX", note("one"), "$Todo")
	r.flags("INBOX", note("two"))
}

func imaplibUpload(r *rig) {
	r.fill(ideas)
	args := []string{ideas}
	for _, s := range samples() {
		args = append(args, r.write(s.subject, "%s", s.raw))
	}
	r.contains(r.imaplib("upload", args...), "APPENDUID")
	r.holds(ideas, samples()...)
	r.flags(ideas, samples()[0], `\Seen`)
}

func imaplibMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	r.imaplib("move", "INBOX", "Projects/2026")
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

func imaplibRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.contains(r.imaplib("delete", "INBOX"), "expunged [b'2']")
	r.holds("INBOX", notes("one", "three")...)
}

// imaplibFollow: the script stays in the mailbox while the observer changes it,
// and says at each line what NOOP told it.
func imaplibFollow(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	script := r.start("python3", r.imaplibArgs("follow", "INBOX")...)
	script.next("exists 2")
	r.anna.append("INBOX", "", note("three").raw)
	script.say("append")
	script.next("b'3'] EXPUNGE")
	r.anna.do("SELECT INBOX")
	r.anna.do(`STORE 2 +FLAGS (\Flagged)`)
	script.say("flag")
	script.next(`FETCH [b'2 (`)
	r.anna.do(`STORE 1 +FLAGS (\Deleted)`)
	r.anna.do("EXPUNGE")
	script.say("expunge")
	script.next("EXPUNGE [b'1']")
	script.end()
}

func imaplibShare(r *rig) {
	s := note("shared")
	r.fillTeam(s)
	out := r.imaplib("share", sharedTeam, r.write("raw", "%s", note("mine").raw))
	r.contains(out, `rights [b'Users/anna/Team `+teamRights, "delete ('NO', [b'[NOPERM]", "append ('NO', [b'[NOPERM]")
	r.holds(team, s)
	r.flags(team, s, `\Flagged`)
}
