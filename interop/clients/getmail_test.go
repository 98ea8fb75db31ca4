package clients

import (
	"fmt"
	"path/filepath"
	"strings"
)

// getmail takes messages from mailboxes and hands them on.
func getmail() client {
	return client{
		name:     "getmail6",
		packages: []string{"getmail6"},
		version: func(r *rig) string {
			return strings.TrimPrefix(strings.TrimSpace(r.run("getmail", "--version")), "getmail ")
		},
		do: map[action]func(*rig){
			plain: getmailPlain, secure: getmailSecure, list: getmailList, read: getmailRead,
			move: getmailMove, remove: getmailRemove, follow: getmailFollow, share: getmailShare,
		},
		cannot: map[action]string{
			flag:   "leaves flags alone, but for deleting",
			upload: "only takes messages away",
		},
	}
}

// A getmailConfig says as whom to log in, how, and what to take.
type getmailConfig struct{ kind, user, pass, host, port, mailboxes, retriever, options string }

// getmailFor returns the arguments that make getmail use a configuration.
func (r *rig) getmailFor(c getmailConfig) []string {
	r.Helper()
	file := r.write("getmail/rc", `[retriever]
type = %[1]s
username = %[2]s
password = %[3]s
server = %[4]s
port = %[5]s
mailboxes = (%[6]s,)
timeout = 20
%[7]s
[destination]
type = MDA_external
path = %[9]s
allow_root_commands = true
[options]
verbose = 2
delivered_to = false
received = false
%[8]s
`, c.kind, c.user, c.pass, c.host, c.port, c.mailboxes, c.retriever, c.options, r.deliveryAgent())
	return []string{"--getmaildir", filepath.Dir(file), "--rcfile", "rc"}
}

// getmail takes from one mailbox of anna's.
func (r *rig) getmail(mailbox, retriever, options string) string {
	r.Helper()
	return r.run("getmail", r.getmailFor(getmailConfig{"SimpleIMAPRetriever", "anna", password, "127.0.0.1", r.node.imap, fmt.Sprintf("'%s'", mailbox), retriever, options})...)
}

func getmailPlain(r *rig) {
	r.fill("INBOX", note("one"))
	r.getmail("INBOX", "", "")
	r.passedOn(note("one"))
	c := getmailConfig{"SimpleIMAPRetriever", "anna", "wrong", "127.0.0.1", r.node.imap, "'INBOX'", "", ""}
	r.refused("AUTHENTICATIONFAILED", "getmail", r.getmailFor(c)...)
}

func getmailSecure(r *rig) {
	r.fill("INBOX", note("one"))
	c := getmailConfig{"SimpleIMAPSSLRetriever", "anna", password, "localhost", r.node.tls, "'INBOX'", "ca_certs = " + r.node.ca, "read_all = true"}
	r.run("getmail", r.getmailFor(c)...)
	r.passedOn(note("one"))
	c.retriever = "ca_certs = " + r.foreignCA()
	r.refused("CERTIFICATE_VERIFY_FAILED", "getmail", r.getmailFor(c)...)
}

// getmailList: "ALL" takes what LIST shows.
func getmailList(r *rig) {
	r.fill("INBOX", note("one"))
	r.fill("Projects/2026", note("two"))
	r.fill(ideas, note("three"))
	c := getmailConfig{"SimpleIMAPRetriever", "anna", password, "127.0.0.1", r.node.imap, "'ALL'", "", "read_all = true"}
	args := r.getmailFor(c)
	rc := strings.Replace(string(r.readFile("getmail/rc")), "mailboxes = ('ALL',)", "mailboxes = ALL", 1)
	r.write("getmail/rc", "%s", rc)
	r.run("getmail", args...)
	r.passedOn(notes("one", "two", "three")...)
}

func getmailRead(r *rig) {
	r.fill(ideas, samples()...)
	r.getmail("Entwürfe & Ideen", "", "read_all = true")
	r.passedOn(samples()...)
}

func getmailMove(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	r.fill("Projects/2026")
	r.getmail("INBOX", "move_on_delete = Projects/2026", "read_all = true\ndelete = true")
	r.passedOn(notes("one", "two")...)
	r.holds("INBOX")
	r.holds("Projects/2026", notes("one", "two")...)
}

func getmailRemove(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	r.getmail("INBOX", "", "read_all = true\ndelete = true\nmax_messages_per_session = 1")
	r.passedOn(note("one"))
	r.holds("INBOX", note("two"))
}

// getmailFollow: it knows by UID what it has taken.
func getmailFollow(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	r.getmail("INBOX", "", "read_all = false")
	r.passedOn(notes("one", "two")...)
	r.anna.do("SELECT INBOX")
	r.anna.do(`STORE 1 +FLAGS (\Deleted)`)
	r.anna.do("EXPUNGE")
	r.anna.append("INBOX", "", note("three").raw)
	r.getmail("INBOX", "", "read_all = false")
	r.passedOn(note("three"))
}

func getmailShare(r *rig) {
	s := note("shared")
	r.fillTeam(s)
	c := getmailConfig{"SimpleIMAPRetriever", "ben", password, "127.0.0.1", r.node.imap, "'" + sharedTeam + "'", "", "read_all = true"}
	r.run("getmail", r.getmailFor(c)...)
	r.passedOn(s)
	c.options = "read_all = true\ndelete = true"
	r.run("getmail", r.getmailFor(c)...) // does not ask what became of its STORE
	r.passedOn(s)
	r.holds(team, s)
	r.flags(team, s)
}
