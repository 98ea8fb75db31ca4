package clients

import (
	"fmt"
	"net/url"
	"strings"
)

// curl is the smallest client: each call is a session of one or two commands.
func curl() client {
	return client{
		name:     "curl",
		packages: []string{"curl"},
		version:  func(r *rig) string { return strings.Fields(r.run("curl", "--version"))[1] },
		do: map[action]func(*rig){
			plain: curlPlain, secure: curlSecure, list: curlList, read: curlRead, flag: curlFlag,
			upload: curlUpload, move: curlMove, remove: curlRemove, share: curlShare,
		},
		cannot: map[action]string{follow: "keeps nothing that could be synchronized"},
	}
}

// curlArgs are those of one request of anna's. The mailbox may be followed by a
// message, as in ";UID=7", or a search, as in "?SEEN" (RFC 5092).
func (r *rig) curlArgs(mailbox string, args ...string) []string {
	at := strings.IndexAny(mailbox+";", ";?")
	return append([]string{"-sS", "--user", "anna:" + password, fmt.Sprintf("imap://127.0.0.1:%s/%s%s",
		r.node.imap, url.PathEscape(mailbox[:at]), strings.ReplaceAll(mailbox[at:], " ", "%20"))}, args...)
}

func curlPlain(r *rig) {
	r.contains(r.run("curl", r.curlArgs("")...), "INBOX")
	r.refused("Login denied", "curl", "-sS", "--user", "anna:wrong", "imap://127.0.0.1:"+r.node.imap+"/")
}

func curlSecure(r *rig) {
	for _, url := range []string{"imaps://localhost:" + r.node.tls, "imap://localhost:" + r.node.imap} {
		args := []string{"-sS", "--ssl-reqd", "--cacert", r.node.ca, "--user", "anna:" + password, url}
		r.contains(r.run("curl", args...), "INBOX")
	}
	r.refused("certificate", "curl", "-sS", "--user", "anna:"+password, "imaps://localhost:"+r.node.tls)
}

func curlList(r *rig) {
	out := r.run("curl", r.curlArgs("")...)
	r.contains(out, `* LIST (\HasNoChildren) "/" INBOX`, `\Sent) "/" Sent`, "Projects/2026", ideas)
	r.contains(r.run("curl", r.curlArgs("", "-X", `LSUB "" "*"`)...), "Projects/2026")
}

func curlRead(r *rig) {
	all := samples()
	r.fill(ideas, all...)
	for i, s := range all {
		got := r.run("curl", r.curlArgs(fmt.Sprintf("%s;MAILINDEX=%d", ideas, i+1))...)
		r.same([]byte(got), s)
		r.flags(ideas, s, `\Seen`)
	}
	list := r.anna.messages(ideas)
	text := r.run("curl", r.curlArgs(fmt.Sprintf("%s;UID=%d;SECTION=1", ideas, list[6].uid))...)
	r.contains(text, "Gr=C3=BC=C3=9Fe")
	r.contains(r.run("curl", r.curlArgs(ideas+"?SUBJECT umlauts")...), "* SEARCH 2")
}

func curlFlag(r *rig) {
	s := note("flags")
	r.fill("INBOX", s)
	r.run("curl", r.curlArgs("INBOX", "-X", `STORE 1 +FLAGS (\Flagged $Todo)`)...)
	r.flags("INBOX", s, `\Flagged`, "$Todo")
	r.run("curl", r.curlArgs("INBOX", "-X", `STORE 1 -FLAGS (\Flagged)`)...)
	r.flags("INBOX", s, "$Todo")
}

func curlUpload(r *rig) {
	r.fill("Projects/2026")
	for _, s := range samples() {
		r.run("curl", r.curlArgs("Projects/2026", "-T", r.write("upload", "%s", s.raw))...)
	}
	r.holds("Projects/2026", samples()...)
}

func curlMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	r.run("curl", r.curlArgs("INBOX", "-X", "MOVE 2 Projects/2026")...)
	r.run("curl", r.curlArgs("INBOX", "-X", "COPY 1 Projects/2026")...)
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

func curlRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.run("curl", r.curlArgs("INBOX", "-X", `STORE 2 +FLAGS.SILENT (\Deleted)`)...)
	r.run("curl", r.curlArgs("INBOX", "-X", "EXPUNGE")...)
	r.holds("INBOX", notes("one", "three")...)
}

func curlShare(r *rig) {
	s := note("shared")
	r.fillTeam(s)
	args := func(args ...string) []string {
		at := fmt.Sprintf("imap://127.0.0.1:%s/%s", r.node.imap, url.PathEscape(sharedTeam))
		return append([]string{"-sS", "--user", "ben:" + password}, append(args, at)...)
	}
	at := args()
	at[len(at)-1] += ";MAILINDEX=1"
	r.same([]byte(r.run("curl", at...)), s)
	r.flags(team, s) // what ben has seen anna has not
	r.run("curl", args("-X", `STORE 1 +FLAGS (\Flagged)`)...)
	r.flags(team, s, `\Flagged`)
	r.refused("Quote command returned error", "curl", args("-X", `STORE 1 +FLAGS (\Deleted)`)...)
	r.refused("Upload failed", "curl", args("-T", r.write("upload", "%s", s.raw))...)
	r.holds(team, s)
}
