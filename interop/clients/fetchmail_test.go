package clients

import (
	"fmt"
	"regexp"
	"strings"
)

// fetchmail takes messages from mailboxes and hands them on.
func fetchmail() client {
	return client{
		name:     "fetchmail",
		packages: []string{"fetchmail"},
		version: func(r *rig) string {
			return regexp.MustCompile(`release (\S+?)\+`).FindStringSubmatch(r.run("fetchmail", "--version"))[1]
		},
		do: map[action]func(*rig){
			plain: fetchmailPlain, secure: fetchmailSecure, read: fetchmailRead, flag: fetchmailFlag,
			remove: fetchmailRemove, follow: fetchmailFollow, share: fetchmailShare,
		},
		cannot: map[action]string{
			list:   "is told the mailboxes",
			upload: "only takes messages away",
			move:   "only takes messages away",
		},
	}
}

// fetchmailArgs are those of one run as a user; what is fetched goes into files
// of the folder out, one a message.
func (r *rig) fetchmailArgs(user, pass, more string) []string {
	r.Helper()
	return []string{"--verbose", "--fetchmailrc", r.write("fetchmailrc", `set no bouncemail
set invisible
poll 127.0.0.1 protocol IMAP port %s timeout 20
	user "%s" password "%s" no rewrite mda "%s"
	%s
`, r.node.imap, user, pass, r.deliveryAgent(), more)}
}

// fetchmail runs it as anna, on a mailbox, with more settings.
func (r *rig) fetchmail(mailbox, more string) {
	r.Helper()
	out, err := r.try("fetchmail", r.fetchmailArgs("anna", password, fmt.Sprintf("folder %q sslproto '' %s", mailbox, more))...)
	const limitReached = 13 // of fetchlimit: there is more
	if err != nil && !strings.Contains(out, fmt.Sprintf("normal termination, status %d", limitReached)) {
		r.Fatalf("fetchmail: %v\n%s", err, tail(out, 40))
	}
}

func fetchmailPlain(r *rig) {
	r.fill("INBOX", note("one"))
	r.fetchmail("INBOX", "keep")
	r.passedOn(note("one"))
	r.refused("AUTHENTICATIONFAILED", "fetchmail", r.fetchmailArgs("anna", "wrong", "keep sslproto ''")...)
}

func fetchmailSecure(r *rig) {
	for port, tls := range map[string]string{r.node.tls: "ssl", r.node.imap: "sslproto TLS1.2+"} {
		r.fill("INBOX", note("one"))
		args := r.fetchmailArgs("anna", password, "keep "+tls+" sslcertck sslcommonname localhost sslcertfile "+r.node.ca)
		r.run("fetchmail", append(args, "--port", port)...)
		r.passedOn(note("one"))
		args = r.fetchmailArgs("anna", password, "keep "+tls+" sslcertck sslcommonname localhost sslcertfile "+r.foreignCA())
		r.refused("certificate verify failed", "fetchmail", append(args, "--port", port)...)
	}
}

func fetchmailRead(r *rig) {
	r.fill(ideas, samples()...)
	r.fetchmail(ideas, "keep")
	r.passedOn(samples()...)
}

func fetchmailFlag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	r.fetchmail("INBOX", "keep fetchlimit 1")
	r.flags("INBOX", note("one"), `\Seen`)
	r.flags("INBOX", note("two"))
	r.passedOn(note("one"))
	r.fetchmail("INBOX", "keep") // only what is not seen
	r.passedOn(note("two"))
}

func fetchmailRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fetchmail("INBOX", "no keep fetchlimit 2")
	r.passedOn(notes("one", "two")...)
	r.holds("INBOX", note("three"))
}

// fetchmailFollow: with "idle" it stays, and fetches what comes.
func fetchmailFollow(r *rig) {
	r.fill("INBOX", note("one"))
	p := r.start("fetchmail", r.fetchmailArgs("anna", password, "keep idle sslproto ''")...)
	r.anna.await("INBOX", "one is fetched", func(l []message) bool { return l[0].has(`\Seen`) })
	r.anna.append("INBOX", "", note("two").raw)
	r.anna.await("INBOX", "two is fetched", func(l []message) bool { return len(l) == 2 && l[1].has(`\Seen`) })
	p.kill()
	r.passedOn(notes("one", "two")...)
}

func fetchmailShare(r *rig) {
	s := note("shared")
	r.fillTeam(s)
	more := fmt.Sprintf("folder %q sslproto '' ", sharedTeam)
	r.run("fetchmail", r.fetchmailArgs("ben", password, more+"keep")...)
	r.passedOn(s)
	r.flags(team, s)
	r.refused("NO [NOPERM] You lack the right e", "fetchmail", r.fetchmailArgs("ben", password, more+"fetchall no keep")...)
	r.passedOn()
	r.holds(team, s)
}
