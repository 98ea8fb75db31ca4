package clients

import (
	"fmt"
	"regexp"
	"time"
)

// imapfilter works on mailboxes by rules that are Lua programs.
func imapfilter() client {
	return client{
		name:     "imapfilter",
		packages: []string{"imapfilter"},
		version: func(r *rig) string {
			out, _ := r.try("imapfilter", "-V") // ends with 2
			return regexp.MustCompile(`[\d.]+`).FindString(out)
		},
		do: map[action]func(*rig){
			plain: imapfilterPlain, secure: imapfilterSecure, list: imapfilterList, read: imapfilterRead, flag: imapfilterFlag,
			upload: imapfilterUpload, move: imapfilterMove, remove: imapfilterRemove, follow: imapfilterFollow, share: imapfilterShare,
		},
	}
}

// imapfilter runs a program, in which account is the user's.
func (r *rig) imapfilterArgs(user, pass, program string) []string {
	return []string{"-c", r.write("filter.lua", `
options.timeout = 20
options.starttls = false
options.info = false
options.namespace = false
account = IMAP { server = '127.0.0.1', port = %s, username = '%s', password = '%s' }
%s`, r.node.imap, user, pass, program)}
}

func (r *rig) imapfilter(program string) string {
	r.Helper()
	return r.run("imapfilter", r.imapfilterArgs("anna", password, program)...)
}

func imapfilterPlain(r *rig) {
	r.contains(r.imapfilter(`exist, unread, new, next = account.INBOX:check_status() print(exist, next)`), "0")
	r.refused("AUTHENTICATIONFAILED", "imapfilter", r.imapfilterArgs("anna", "wrong", "account.INBOX:check_status()")...)
}

func imapfilterSecure(r *rig) {
	for _, how := range []string{
		fmt.Sprintf("port = %s, ssl = 'auto'", r.node.tls),
		fmt.Sprintf("port = %s", r.node.imap), // by STARTTLS
	} {
		program := r.write("filter.lua", `
options.timeout = 20
options.hostnames = true
account = IMAP { server = 'localhost', username = 'anna', password = '%s', %s }
print(account.INBOX:check_status())`, password, how)
		r.run("imapfilter", "-t", r.node.ca, "-c", program)
		r.refused("certificate", "imapfilter", "-t", r.foreignCA(), "-c", program)
	}
}

func imapfilterList(r *rig) {
	out := r.imapfilter(`
boxes, folders = account:list_all()
for _, b in ipairs(boxes) do print(b) end
for _, f in ipairs(folders) do print(f) end
subscribed = account:list_subscribed('Projects')
for _, b in ipairs(subscribed) do print('subscribed ' .. b) end`)
	r.contains(out, "INBOX\n", "Sent\n", "Projects/2026\n", "Entwürfe", "subscribed Projects/2026")
}

func imapfilterRead(r *rig) {
	r.fill("INBOX", samples()...)
	r.imapfilter(`
for i, m in ipairs(account.INBOX:select_all()) do
	box, uid = table.unpack(m)
	f = io.open(os.getenv('HOME') .. '/read.' .. i, 'w')
	f:write(box[uid]:fetch_message())
	f:close()
	print(uid, box[uid]:fetch_size(), box[uid]:fetch_date())
end`)
	for i, s := range samples() {
		r.same(r.readFile(fmt.Sprintf("read.%d", i+1)), s)
	}
	found := r.imapfilter(`print('found', #account.INBOX:contain_subject('umlauts'), #account.INBOX:contain_body('partial nonsense'),
		#account.INBOX:match_header('X-Folded: one'), #(account.INBOX:is_unseen() * account.INBOX:is_larger(1000)))`)
	r.contains(found, "found\t1\t0\t1\t2")
}

func imapfilterFlag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	r.imapfilter(`
r = account.INBOX:contain_subject('one')
r:add_flags({ '\\Flagged', '$Todo', '\\Answered' })
r:mark_seen()
r:remove_flags({ '\\Flagged' })`)
	r.flags("INBOX", note("one"), `\Answered`, `\Seen`, "$Todo")
	r.flags("INBOX", note("two"))
}

func imapfilterUpload(r *rig) {
	r.fill("Projects/2026")
	for _, s := range samples() {
		r.write(s.subject, "%s", s.raw)
		r.imapfilter(fmt.Sprintf(`
f = io.open(os.getenv('HOME') .. '/%s')
assert(account['Projects/2026']:append_message(f:read('*a')))`, s.subject))
	}
	r.holds("Projects/2026", samples()...)
}

func imapfilterMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	r.imapfilter(`
account.INBOX:contain_subject('two'):move_messages(account['Projects/2026'])
account.INBOX:contain_subject('one'):copy_messages(account['Projects/2026'])`)
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

func imapfilterRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.imapfilter(`done = account.INBOX:contain_subject('two') + account.INBOX:contain_subject('three') done:delete_messages()`)
	r.holds("INBOX", note("one"))
}

// imapfilterFollow: enter_idle returns when a message has come.
func imapfilterFollow(r *rig) {
	r.fill("INBOX", note("one"))
	args := r.imapfilterArgs("anna", password, `
io.stdout:setvbuf('line')
print('ready', #account.INBOX:select_all())
print('idled', account.INBOX:enter_idle())
print('now', #account.INBOX:select_all())`)
	lines := r.start("imapfilter", args...)
	lines.next("ready\t1")
	// imapfilter cannot say when it idles, and what came before that ends no
	// IDLE: so a message comes until one does.
	idled, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			r.anna.append("INBOX", "", note("two").raw)
			select {
			case <-idled:
				return
			case <-time.After(2 * time.Second):
			}
		}
	}()
	lines.next("idled\ttrue")
	close(idled)
	<-ended
	lines.next("now\t")
	lines.end()
}

func imapfilterShare(r *rig) {
	s := note("shared")
	r.fillTeam(s)
	out, _ := r.try("imapfilter", r.imapfilterArgs("ben", password, `
team = account['Users/anna/Team']
print('messages', #team:select_all())
team:select_all():mark_flagged()
team:select_all():mark_seen()
print('deleted', pcall(function() return team:select_all():delete_messages() end))
print('moved', pcall(function() return team:select_all():move_messages(account.INBOX) end))
print('appended', pcall(function() return team:append_message('Subject: mine\r\n\r\n') end))`)...)
	r.contains(out, "messages\t1", "[NOPERM] You lack the right t", "[NOPERM] You lack the right i",
		"deleted\ttrue\tfalse", "moved\ttrue\tfalse", "appended\ttrue\tfalse")
	r.holds(team, s)
	r.flags(team, s, `\Flagged`)
}
