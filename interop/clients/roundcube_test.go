package clients

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// A roundcube is one that runs under PHP's own web server, with SQLite, and a
// browser in it. Its methods are the actions; anna is logged in over TLS.
type roundcube struct {
	url  string
	page *browser
}

// roundcubeClient is webmail as a person uses it in a browser.
func roundcubeClient() client {
	c := &roundcube{}
	return client{
		name:     "Roundcube",
		packages: []string{"roundcube-core", "roundcube-sqlite3", "roundcube-plugins", "php-cli", "php-sqlite3", "chromium", "chromium-driver"},
		version: func(r *rig) string {
			return regexp.MustCompile(`\d+\.\d+\.\d+`).FindString(r.run("dpkg-query", "-W", "-f", "${Version}", "roundcube-core"))
		},
		setup: func(r *rig) {
			r.fill("INBOX", notes("one", "two")...)
			c.start(r)
		},
		do: map[action]func(*rig){
			plain: c.plain, secure: c.secure, list: c.list, read: c.read, flag: c.flag,
			upload: c.upload, move: c.move, remove: c.remove, follow: c.follow, share: c.share,
		},
	}
}

// serve starts Roundcube for one way to reach the server, and returns its URL.
func (r *rig) roundcube(name, imapHost string) string {
	r.Helper()
	r.write(name+"/config/defaults.inc.php", "<?php include '/etc/roundcube/defaults.inc.php';")
	r.write(name+"/config/mimetypes.php", "<?php return include '/etc/roundcube/mimetypes.php';")
	r.write(name+"/config/config.inc.php", `<?php
$config['db_dsnw'] = 'sqlite:///%[1]s/db.sqlite?mode=0600';
$config['imap_host'] = '%[2]s';
$config['imap_conn_options'] = ['ssl' => ['verify_peer' => true, 'verify_peer_name' => true, 'cafile' => '%[3]s']];
$config['des_key'] = 'interop!24ByteDESkey*Str';
$config['plugins'] = ['acl', 'archive', 'markasjunk', 'zipdownload'];
$config['skin'] = 'elastic';
$config['language'] = 'en_US';
$config['log_dir'] = '%[1]s';
$config['temp_dir'] = '%[1]s';
$config['log_driver'] = 'file';
$config['imap_debug'] = true;
$config['check_all_folders'] = true;
$config['refresh_interval'] = 0;
$config['message_show_email'] = true;
`, r.mkdir(name), imapHost, r.node.ca)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	addr := l.Addr().String()
	r.must(l.Close())
	cmd := r.command("php", "-S", addr, "-t", "/var/lib/roundcube/public_html")
	cmd.Env = append(cmd.Env, "ROUNDCUBE_CONFIG_DIR="+r.mkdir(name+"/config"), "PHP_CLI_SERVER_WORKERS=3")
	var log lockedBuffer
	cmd.Stderr, cmd.Stdout = &log, &log
	r.must(cmd.Start())
	r.Cleanup(func() {
		_ = cmd.Cancel()
		_ = cmd.Wait()
		if r.Failed() {
			r.Logf("PHP says:\n%s", tail(log.String(), 10))
		}
	})
	return "http://" + addr + "/"
}

// logIn opens Roundcube, of whose session nothing is kept, and logs in.
func (b *browser) logIn(base, user, pass string) {
	b.r.Helper()
	b.frame("")
	b.until("want the login page", func() bool { // PHP may be starting
		return b.try("POST", "/url", map[string]string{"url": base}, nil) == nil
	})
	b.call("DELETE", "/cookie", nil, nil)
	b.open(base)
	b.fill("#rcmloginuser", user)
	b.fill("#rcmloginpwd", pass)
	b.click("#rcmloginsubmit")
}

func (c *roundcube) start(r *rig) {
	c.url = r.roundcube("tls", "ssl://localhost:"+r.node.tls)
	c.page = r.browser()
	c.page.logIn(c.url, "anna", password)
	c.page.find("#messagelist")
}

// open shows a folder of anna's and waits for messages in it.
func (c *roundcube) open(r *rig, folder string, subjects ...string) *browser {
	r.Helper()
	page := c.page.in(r)
	page.frame("")
	page.open(c.url + "?_task=mail&_mbox=" + url.QueryEscape(folder))
	page.find("#mailboxlist")
	page.sees(subjects...)
	return page
}

// row is the CSS selector of a message in the list; the subjects must differ in
// the sample's Message-ID only by name.
func (b *browser) row(subject string) string {
	b.r.Helper()
	b.sees(subject)
	return "#" + b.run(`return [...document.querySelectorAll('#messagelist tr.message')].find(tr => tr.querySelector('.subject a').innerText.trim() == arguments[0]).id`, subject)
}

// command does what the button of a command does.
func (b *browser) command(name string, args ...any) {
	b.r.Helper()
	b.run("return rcmail.command.apply(rcmail, arguments)", append([]any{name}, args...)...)
}

func (c *roundcube) plain(r *rig) {
	base := r.roundcube("plain", "127.0.0.1:"+r.node.imap)
	page := c.page.in(r)
	page.logIn(base, "anna", "wrong")
	page.sees("Login failed")
	page.logIn(base, "anna", password)
	page.find("#messagelist")
	page.sees("one", "two")
	page.logIn(c.url, "anna", password)
	page.find("#messagelist")
}

func (c *roundcube) secure(r *rig) {
	page := c.open(r, "INBOX", "one", "two")
	base := r.roundcube("starttls", "tls://localhost:"+r.node.imap)
	page.logIn(base, "anna", password)
	page.find("#messagelist")
	page.sees("one")
	page.logIn(c.url, "anna", password)
	page.find("#messagelist")
}

func (c *roundcube) list(r *rig) {
	page := c.open(r, "INBOX")
	page.sees("Inbox", "Drafts", "Sent", "Junk", "Trash", "Archive", "Entwürfe & Ideen", "2026")
	page.picture("list")
}

// source returns a message as "Show source" has it.
func (b *browser) source(subject string) []byte {
	b.r.Helper()
	text := b.run(`
		const request = new XMLHttpRequest();
		request.open('GET', rcmail.secure_url(rcmail.url('viewsource', {_uid: arguments[0], _mbox: rcmail.env.mailbox, _save: 1})), false);
		request.overrideMimeType('text/plain; charset=x-user-defined');
		request.send();
		return btoa([...request.responseText].map(c => String.fromCharCode(c.charCodeAt(0) & 255)).join(''))`, b.uid(subject))
	raw, err := base64.StdEncoding.DecodeString(text)
	b.r.must(err)
	return raw
}

// uid returns that of a message in the list.
func (b *browser) uid(subject string) string {
	b.r.Helper()
	return b.run(`return Object.entries(rcmail.message_list.rows).find(([uid, row]) => '#' + row.obj.id == arguments[0])[0]`, b.row(subject))
}

// preview opens a message beside the list and waits for texts in it.
func (b *browser) preview(subject string, texts ...string) {
	b.r.Helper()
	b.click(b.row(subject))
	b.frame("#messagecontframe")
	b.sees(append(texts, subject)...)
	b.frame("")
}

func (c *roundcube) read(r *rig) {
	all := samples()
	r.fill(ideas, all...)
	page := c.open(r, ideas, "plain", "attached")
	for _, s := range all {
		r.same(page.source(s.subject), s)
	}
	for subject, want := range map[string]string{"umlauts": "Grüße aus Köln, 100 € für Žofie.", "attached": "übersicht.bin"} {
		page.preview(subject, want)
	}
	page.picture("message")
	r.anna.await(ideas, "two are seen", func(l []message) bool {
		return l[1].has(`\Seen`) && l[6].has(`\Seen`) && !l[0].has(`\Seen`)
	})
}

func (c *roundcube) flag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	page := c.open(r, "INBOX", "one", "two")
	page.preview("one") // which marks it as read
	page.command("mark", "flagged")
	r.anna.await("INBOX", "flagged and seen", func(l []message) bool { return l[0].has(`\Flagged`) && l[0].has(`\Seen`) })
	page.command("mark", "unflagged")
	page.command("mark", "unread")
	r.anna.await("INBOX", "not flagged", func(l []message) bool { return len(l[0].flags) == 0 })
	r.flags("INBOX", note("two"))
}

// upload imports files into a folder, as "More, Import" does.
func (c *roundcube) upload(r *rig) {
	r.fill("Projects/2026")
	page := c.open(r, "Projects/2026")
	var files []string
	for _, s := range samples() {
		files = append(files, r.write(s.subject+".eml", "%s", s.raw))
	}
	page.attach("input[type=file]", files...)
	page.command("import-messages")
	r.anna.await("Projects/2026", "all messages", func(l []message) bool { return len(l) == len(samples()) })
	// It reads files as mboxes: what looks like one is taken for that.
	r.holdsBut("Projects/2026", func(raw []byte) []byte { return bytes.TrimRight(boxed(raw), " \n") }, samples()...)
}

func (c *roundcube) move(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	page := c.open(r, "INBOX", "one", "two", "three")
	page.click(page.row("two"))
	page.command("move", "Projects/2026")
	r.anna.await("INBOX", "two moved away", func(l []message) bool { return len(l) == 2 })
	page.click(page.row("one"))
	page.command("copy", "Projects/2026")
	r.anna.await("Projects/2026", "one copied", func(l []message) bool { return len(l) == 2 })
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

// remove deletes a message, which goes into the trash, and there for good.
func (c *roundcube) remove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Trash")
	page := c.open(r, "INBOX", "one", "two", "three")
	page.click(page.row("two"))
	page.command("delete")
	r.anna.await("Trash", "two", func(l []message) bool { return len(l) == 1 })
	r.holds("INBOX", notes("one", "three")...)
	page = c.open(r, "Trash", "two")
	page.click(page.row("two"))
	page.command("delete")
	r.anna.await("Trash", "nothing", func(l []message) bool { return len(l) == 0 })
}

func (c *roundcube) follow(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	page := c.open(r, "INBOX", "one", "two")
	r.anna.append("INBOX", "", note("three").raw)
	page.click("a.refresh")
	page.sees("three")
	r.anna.do("SELECT INBOX")
	r.anna.do(`STORE 1 +FLAGS (\Flagged)`)
	r.anna.do(`STORE 2 +FLAGS.SILENT (\Deleted)`)
	r.anna.do("EXPUNGE")
	page.click("a.refresh")
	page.find(page.row("one") + ".flagged")
	page.until("want two to disappear", func() bool { return !strings.Contains(page.run("return document.body.innerText"), "two") })
}

// share: anna gives rights with the plugin acl, to ben, to the group and to
// everybody, and takes them back; ben uses what he may.
func (c *roundcube) share(r *rig) {
	s := notes("one", "two")
	r.fill(team, s...)
	entries := func() string {
		r.Helper()
		return strings.TrimPrefix(r.anna.do("GETACL %q", team)[0].text, "* ACL "+team)
	}
	owner := entries()
	page := c.page.in(r)
	page.open(c.url + "?_task=settings&_action=edit-folder&_mbox=" + team)
	page.grant("ben", "read")
	page.grant("group:sales", "read", "write")
	page.grant("anyone", "read")
	page.open(c.url + "?_task=settings&_action=edit-folder&_mbox=" + team)
	page.sees("ben", "group:sales", "All users (anyone)")
	page.picture("acl")
	if got, want := entries(), owner+" ben lrs group:sales lrswi anyone lrs"; got != want {
		r.Errorf("GETACL has%s, want%s", got, want)
	}
	page.revoke("ben")
	page.revoke("anyone")
	if got, want := entries(), owner+" group:sales lrswi"; got != want {
		r.Errorf("GETACL has%s, want%s", got, want)
	}

	page.logIn(c.url, "ben", password)
	page.find("#mailboxlist")
	page.open(c.url + "?_task=mail&_mbox=" + url.QueryEscape(sharedTeam))
	page.preview("one")
	page.command("mark", "flagged")
	r.anna.await(team, "flagged", func(l []message) bool { return l[0].has(`\Flagged`) })
	page.picture("shared")
	page.command("delete")
	page.sees("Permission denied")
	r.holds(team, s...)
	r.flags(team, s[0], `\Flagged`) // what ben has seen anna has not
	page.logIn(c.url, "anna", password)
	page.find("#mailboxlist")
	page.open(c.url + "?_task=settings&_action=edit-folder&_mbox=" + team)
	page.revoke("group:sales")
	if got := entries(); got != owner {
		r.Errorf("GETACL has%s, want%s", got, owner)
	}
}

// grant gives rights in the dialog of the plugin acl.
func (b *browser) grant(who string, rights ...string) {
	b.r.Helper()
	b.click("a.create")
	b.find("#aclform")
	if who == "anyone" {
		b.click("label[for=idanyone]")
	} else {
		b.fill("#acluser", who)
	}
	b.run(`for (const box of document.querySelectorAll('#simplerights input'))
		box.checked = arguments[0].includes(box.id.replace(/^acl/, ''))`, rights)
	b.click(".ui-dialog button.submit")
	b.find(aclRow(who))
}

// aclRow is the CSS selector of an entry.
func aclRow(who string) string {
	return fmt.Sprintf("#acltable tr[data-userid='%s'], #acltable tr[id='rcmrow%[1]s']", who)
}

// revoke takes rights away.
func (b *browser) revoke(who string) {
	b.r.Helper()
	b.click(aclRow(who))
	b.command("acl-delete")
	b.click(".ui-dialog button.delete")
	b.until("want no entry of "+who, func() bool { return b.run("return document.querySelector(arguments[0])", aclRow(who)) == "<nil>" })
}
