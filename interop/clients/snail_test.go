package clients

import (
	"fmt"
	"regexp"
	"strings"
)

// snail is s-nail, the descendant of BSD Mail, told by a script what a person
// types.
func snail() client {
	return client{
		name:     "s-nail",
		packages: []string{"s-nail"},
		version: func(r *rig) string {
			return regexp.MustCompile(`v([\d.]+)`).FindStringSubmatch(r.run("s-nail", "--version"))[1]
		},
		do: map[action]func(*rig){
			plain: snailPlain, secure: snailSecure, list: snailList, read: snailRead, flag: snailFlag,
			upload: snailUpload, move: snailMove, remove: snailRemove, follow: snailFollow, share: snailShare,
		},
	}
}

// snailArgs are those of a session in a mailbox of a user's. In it "@" before a
// name means the account.
func (r *rig) snailArgs(user, pass, mailbox string, more ...string) []string {
	at := fmt.Sprintf("imap://%s:%s@127.0.0.1:%s", user, pass, r.node.imap)
	return append([]string{"-:/", "-#", "-S", "v15-compat=yes", "-S", "imap-auth=login", "-S", "ttycharset=utf-8",
		"-S", "imap-delim=/", "-S", "folder=" + at, "-f", at + "/" + mailbox}, more...)
}

// snail says lines to a session of anna's and returns what it says.
func (r *rig) snail(mailbox string, lines ...string) string {
	r.Helper()
	return r.snailIn(r.snailArgs("anna", password, mailbox), lines...)
}

func (r *rig) snailIn(args []string, lines ...string) string {
	r.Helper()
	script := r.write("script", "%s\nquit\n", strings.Join(lines, "\n"))
	return r.run("sh", append([]string{"-c", `exec s-nail "$@" <` + script + " 2>&1", "s-nail"}, args...)...)
}

func snailPlain(r *rig) {
	r.fill("INBOX", note("one"))
	r.contains(r.snail("INBOX", "headers"), "ben@example.org", "one")
	r.refused("AUTHENTICATIONFAILED", "s-nail", append([]string{"-e"}, r.snailArgs("anna", "wrong", "INBOX")...)...)
}

func snailSecure(r *rig) {
	r.fill("INBOX", note("one"))
	for url, more := range map[string][]string{
		fmt.Sprintf("imaps://anna:%s@localhost:%s/INBOX", password, r.node.tls): nil,
		fmt.Sprintf("imap://anna:%s@localhost:%s/INBOX", password, r.node.imap): {"-S", "imap-use-starttls"},
	} {
		args := append([]string{"-e", "-:/", "-#", "-S", "v15-compat=yes", "-S", "imap-auth=login", "-S", "tls-verify=strict"}, more...)
		r.run("s-nail", append(args, "-S", "tls-ca-file="+r.node.ca, "-f", url)...) // -e fails if there is no message
		r.refused("certificate verify failed", "s-nail", append(args, "-S", "tls-ca-file="+r.foreignCA(), "-f", url)...)
	}
}

func snailList(r *rig) {
	out := r.snail("INBOX", "folders @")
	r.contains(out, "INBOX\n", "Sent\n", "Entwürfe & Ideen\n", "Projects\n")
}

// boxed is what remains of a message in an mbox as s-nail writes it: fields come
// in, empty lines at the end go, and lines that start with "From " are quoted in
// a way that cannot be undone.
func boxed(raw []byte) []byte {
	text := strings.ReplaceAll(string(raw), "\r\n", "\n")
	text = regexp.MustCompile(`\AFrom .*\n|(?m:^(?:Status|X-Status): .*\n|^>+(?:From ))`).ReplaceAllStringFunc(text, func(m string) string {
		return strings.TrimLeft(m, ">")[:strings.Count(m, ">From ")*len("From ")]
	})
	return []byte(strings.TrimRight(text, "\n"))
}

func snailRead(r *rig) {
	all := samples()
	r.fill(ideas, all...)
	lines := []string{`file "@Entwürfe & Ideen"`}
	for i := range all {
		lines = append(lines, fmt.Sprintf("copy %d %s/copy%d", i+1, r.home, i))
	}
	lines = append(lines, "type 2", "type 7")
	r.contains(r.snail("INBOX", lines...), "Grüße aus Köln, 100 € für Žofie.", "Grüße\n")
	for i, s := range all {
		r.same(boxed(r.readFile(fmt.Sprintf("copy%d", i))), sample{s.subject, boxed(s.raw)})
	}
}

func snailFlag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	r.snail("INBOX", "flag 1", "answered 1", "draft 2")
	r.flags("INBOX", note("one"), `\Answered`, `\Flagged`)
	r.flags("INBOX", note("two"), `\Draft`)
	r.snail("INBOX", "unflag 1", "unanswered 1", "unread 1")
	r.flags("INBOX", note("one"))
}

func snailUpload(r *rig) {
	r.fill("Projects/2026")
	var mbox strings.Builder
	for _, s := range samples() {
		mbox.WriteString("From ben@example.org Mon Nov  2 10:11:12 2026\n")
		mbox.WriteString(regexp.MustCompile(`(?m)^(>*From )`).ReplaceAllString(string(s.lf()), ">$1") + "\n")
	}
	box := r.write("mbox", "%s", mbox.String())
	r.snail("INBOX", "file "+box, "copy * +Projects/2026")
	r.holdsBut("Projects/2026", boxed, samples()...)
}

func snailMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	r.snail("INBOX", "move 2 @Projects/2026", "copy 1 @Projects/2026")
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

func snailRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.snail("INBOX", "delete 2")
	r.holds("INBOX", notes("one", "three")...)
}

// snailFollow: "newmail" looks again while the mailbox is open.
func snailFollow(r *rig) {
	r.fill("INBOX", note("one"))
	p := r.start("s-nail", r.snailArgs("anna", password, "INBOX")...)
	p.say("from 1")
	p.next("one")
	r.anna.append("INBOX", "", note("two").raw)
	p.say("newmail")
	p.say("from 2")
	p.next("New mail")
	p.next("Loaded 1 new message")
	p.next("two")
	p.say("quit")
	p.end()
}

func snailShare(r *rig) {
	s := note("shared")
	r.fillTeam(s)
	ben := r.snailArgs("ben", password, sharedTeam)
	r.contains(r.snailIn(ben, "headers", "imap myrights "+sharedTeam, "flag 1"), "shared", "MYRIGHTS Users/anna/Team "+teamRights)
	r.snailIn(ben, "delete 1") // says nothing of the refusal
	// It takes any refusal of COPY for a mailbox that is missing.
	r.contains(r.snailIn(ben, "copy 1 @"+sharedTeam), "[ALREADYEXISTS]")
	r.holds(team, s)
	r.flags(team, s, `\Flagged`)
}
