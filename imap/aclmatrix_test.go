package imap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"poststube/acl"
	"poststube/imap"
	"poststube/mail"
)

// A matrixRow is one way in which a command can be about a mailbox, with the
// rights that it takes (RFC 4314 section 4).
type matrixRow struct {
	command string // as in the table of commands
	about   string // what it does, where a command has several rows
	// line is the command; @ stands for the mailbox in question, # for the
	// UID of the last message in the selected one.
	line string
	// selected: it is sent while that mailbox is selected.
	selected bool
	// may tells whether it is allowed with these rights.
	may func(acl.Rights) bool
	// silent: it is always OK; with the rights it answers something, without
	// them nothing.
	silent bool
	// tells are rights besides l with which one may learn that there is such a
	// mailbox although the command is refused.
	tells acl.Rights
	// creates: it makes a mailbox at @ or beneath, which can't look the same
	// where there is one already.
	creates bool
}

func needs(r acl.Rights) func(acl.Rights) bool {
	return func(have acl.Rights) bool { return have.Has(r) }
}

func needsAny(r acl.Rights) func(acl.Rights) bool {
	return func(have acl.Rights) bool { return have.HasAny(r) }
}

func always(acl.Rights) bool { return true }

// onMessage is needs for what one may also be allowed for one's own messages:
// then the command is taken, and does nothing to others.
func onMessage(r acl.Rights) func(acl.Rights) bool {
	return func(have acl.Rights) bool { return have.Of(true).Has(r) }
}

func annotations(have acl.Rights) bool {
	return have.Has(acl.Lookup) && have.HasAny(acl.Read|acl.Seen|acl.Write|acl.Insert|acl.Post)
}

const message = "{19+}\r\nSubject: one\r\n\r\n1\r\n"

// matrix holds every command that names a mailbox or works in one.
var matrix = []matrixRow{
	{command: "LIST", line: `LIST "" @`, may: needs(acl.Lookup), silent: true},
	{command: "LIST", about: "with all it can return", line: `LIST "" @ RETURN (STATUS (MESSAGES) MYRIGHTS METADATA (/shared/comment) SPECIAL-USE SUBSCRIBED CHILDREN)`, may: needs(acl.Lookup), silent: true},
	{command: "LSUB", line: `LSUB "" @`, may: needs(acl.Lookup), silent: true},
	{command: "SUBSCRIBE", line: `SUBSCRIBE @`, may: always},
	{command: "UNSUBSCRIBE", line: `UNSUBSCRIBE @`, may: always},
	{command: "CREATE", line: `CREATE @/child`, may: needs(acl.Create), creates: true},
	{command: "DELETE", line: `DELETE @`, may: needs(acl.DeleteMailbox)},
	{command: "RENAME", about: "away", line: `RENAME @ Users/anna/Open/moved`, may: needs(acl.DeleteMailbox)},
	{command: "RENAME", about: "beneath", line: `RENAME Users/anna/Open/here @/moved`, may: needs(acl.Create), creates: true},
	{command: "SELECT", line: `SELECT @`, may: needs(acl.Read)},
	{command: "EXAMINE", line: `EXAMINE @`, may: needs(acl.Read)},
	{command: "STATUS", line: `STATUS @ (MESSAGES UIDNEXT UIDVALIDITY UNSEEN SIZE)`, may: needs(acl.Read)},
	{command: "SETACL", line: `SETACL @ clara +l`, may: needs(acl.Admin)},
	{command: "SETACL", about: "of nobody", line: `SETACL @ nobody +l`, may: func(acl.Rights) bool { return false }, tells: acl.Admin},
	{command: "DELETEACL", line: `DELETEACL @ clara`, may: needs(acl.Admin)},
	{command: "GETACL", line: `GETACL @`, may: needs(acl.Admin)},
	{command: "LISTRIGHTS", line: `LISTRIGHTS @ clara`, may: needs(acl.Admin)},
	{command: "MYRIGHTS", line: `MYRIGHTS @`, may: needsAny(acl.Visible)},
	{command: "APPEND", line: `APPEND @ (\Seen \Flagged \Deleted) ` + message, may: needs(acl.Insert)},
	{command: "APPEND", about: "from a URL", line: `APPEND INBOX CATENATE (URL "/@/;UID=1")`, may: needs(acl.Read)},
	{command: "GETQUOTAROOT", line: `GETQUOTAROOT @`, may: needs(acl.Read)},
	{command: "GETMETADATA", line: `GETMETADATA @ (/shared/comment /private/comment)`, may: annotations},
	{command: "SETMETADATA", about: "private", line: `SETMETADATA @ (/private/comment "x")`, may: annotations},
	{command: "SETMETADATA", about: "shared", line: `SETMETADATA @ (/shared/comment "x")`, may: needs(acl.Lookup | acl.Write)},
	{command: "SETMETADATA", about: "policy", line: `SETMETADATA @ (/shared/vendor/poststube/private-flags "none")`, may: func(have acl.Rights) bool { return annotations(have) && have.Has(acl.Admin) }},
	{command: "NOTIFY", line: `NOTIFY SET STATUS (mailboxes @ (MessageNew MessageExpunge FlagChange MailboxName))`, may: needs(acl.Lookup), silent: true},
	{command: "COPY", about: "there", line: `COPY 1 @`, may: needs(acl.Insert)},
	{command: "UID COPY", about: "there", line: `UID COPY 1:* @`, may: needs(acl.Insert)},
	{command: "MOVE", about: "there", line: `MOVE 1 @`, may: needs(acl.Insert)},
	{command: "UID MOVE", about: "there", line: `UID MOVE 1:* @`, may: needs(acl.Insert)},
	{command: "REPLACE", about: "there", line: `REPLACE 1 @ ` + message, may: needs(acl.Insert)},
	{command: "UID REPLACE", about: "there", line: `UID REPLACE # @ ` + message, may: needs(acl.Insert)},

	{command: "CHECK", line: `CHECK`, selected: true, may: always},
	{command: "CLOSE", line: `CLOSE`, selected: true, may: always},
	{command: "UNSELECT", line: `UNSELECT`, selected: true, may: always},
	{command: "EXPUNGE", line: `EXPUNGE`, selected: true, may: onMessage(acl.Expunge)},
	{command: "UID EXPUNGE", line: `UID EXPUNGE 1:*`, selected: true, may: onMessage(acl.Expunge)},
	{command: "FETCH", line: `FETCH 1:* (FLAGS BODY[])`, selected: true, may: always},
	{command: "UID FETCH", line: `UID FETCH 1:* (FLAGS BODY[])`, selected: true, may: always},
	{command: "SEARCH", line: `SEARCH UNSEEN`, selected: true, may: always},
	{command: "UID SEARCH", line: `UID SEARCH UNSEEN`, selected: true, may: always},
	{command: "SORT", line: `SORT (ARRIVAL) UTF-8 ALL`, selected: true, may: always},
	{command: "UID SORT", line: `UID SORT (ARRIVAL) UTF-8 ALL`, selected: true, may: always},
	{command: "THREAD", line: `THREAD REFERENCES UTF-8 ALL`, selected: true, may: always},
	{command: "UID THREAD", line: `UID THREAD REFERENCES UTF-8 ALL`, selected: true, may: always},
	{command: "UIDBATCHES", line: `UIDBATCHES 500`, selected: true, may: always},
	{command: "STORE", about: `\Seen`, line: `STORE 1:* +FLAGS (\Seen)`, selected: true, may: needs(acl.Seen)},
	{command: "STORE", about: `\Deleted`, line: `STORE 1:* +FLAGS (\Deleted)`, selected: true, may: onMessage(acl.Delete)},
	{command: "STORE", about: `\Answered`, line: `STORE 1:* -FLAGS (\Answered)`, selected: true, may: onMessage(acl.Write)},
	{command: "STORE", about: "keyword", line: `STORE 1:* +FLAGS.SILENT ($Work)`, selected: true, may: onMessage(acl.Write)},
	{command: "STORE", about: "some", line: `STORE 1:* +FLAGS (\Seen \Deleted \Draft)`, selected: true, may: func(have acl.Rights) bool { return have.Of(true).HasAny(acl.Seen | acl.Write | acl.Delete) }},
	{command: "UID STORE", line: `UID STORE 1:* FLAGS (\Seen \Flagged)`, selected: true, may: func(have acl.Rights) bool { return have.Of(true).HasAny(acl.Seen | acl.Write | acl.Delete) }},
	{command: "COPY", about: "from there", line: `COPY 1:* Drafts`, selected: true, may: always},
	{command: "UID COPY", about: "from there", line: `UID COPY 1:* Drafts`, selected: true, may: always},
	{command: "MOVE", about: "from there", line: `MOVE 1:* Drafts`, selected: true, may: needs(acl.Delete | acl.Expunge)},
	{command: "UID MOVE", about: "from there", line: `UID MOVE 1:* Drafts`, selected: true, may: needs(acl.Delete | acl.Expunge)},
	{command: "REPLACE", about: "from there", line: `REPLACE 1 Drafts ` + message, selected: true, may: needs(acl.Delete | acl.Expunge)},
	{command: "UID REPLACE", about: "from there", line: `UID REPLACE # Drafts ` + message, selected: true, may: needs(acl.Delete | acl.Expunge)},
}

// noMailbox are the commands that are about no mailbox, or only about what
// another command has named. Those of them that tell of mailboxes unasked are
// tested by TestRightsHistories.
var noMailbox = []string{
	"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "AUTHENTICATE", "LOGIN", "IDLE", "ID", "NAMESPACE", "ENABLE",
	"CANCELUPDATE", "COMPRESS", "UNAUTHENTICATE", "GETQUOTA", "SETQUOTA",
}

// TestMatrixIsComplete: a new command needs a row, or a place among those that
// can't need one.
func TestMatrixIsComplete(t *testing.T) {
	for _, name := range imap.CommandNames() {
		row := slices.ContainsFunc(matrix, func(r matrixRow) bool { return r.command == name })
		if row == slices.Contains(noMailbox, name) {
			t.Errorf("%s must be either in the matrix or in noMailbox", name)
		}
	}
}

// TestMatrix tries every row with every right alone, every right beside l and r,
// all rights but one, and none. Whether a command is taken follows from the rights
// and nothing else; one that is refused changes nothing; and what it says about a
// mailbox that one may not know of is, octet by octet, what it says where there is
// none.
func TestMatrix(t *testing.T) {
	for _, beneath := range []bool{false, true} {
		name := "alone"
		if beneath {
			name = "beneath a visible mailbox"
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playMatrix(t, beneath) })
		})
	}
}

func playMatrix(t *testing.T, beneath bool) {
	w := newTeam(t, "user anna", "user ben", "user clara", "mailbox anna Open", "allow anna Open ben lrswikxte")
	m := &matrixTest{team: w, prefix: "Box"}
	if beneath {
		// What is missing there ben could create.
		w.set("mailbox anna Box")
		w.set("allow anna Box ben lrswikxtea")
		m.prefix = "Box/"
	}
	for i := range matrix {
		row := &matrix[i]
		if beneath && row.creates {
			continue
		}
		for _, have := range rightsToTry() {
			m.try(row, have)
		}
	}
	if m.cases < 1000 {
		t.Errorf("only %d cases", m.cases)
	}
	t.Logf("%d cases", m.cases)
}

// rightsToTry are all single rights, with l and r and without, all but one of
// them, and none.
func rightsToTry() []acl.Rights {
	list := []acl.Rights{acl.None, acl.Lookup | acl.Read}
	for r := acl.Rights(1); r <= acl.Supported; r <<= 1 {
		if acl.Supported.Has(r) {
			list = append(list, r, acl.Lookup|acl.Read|r, acl.Supported&^r)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// A matrixTest tries rows on mailboxes of anna, as ben.
type matrixTest struct {
	*team
	prefix string
	cases  int
}

// try sends one row's command with some rights.
func (m *matrixTest) try(row *matrixRow, have acl.Rights) {
	if row.selected && !have.Has(acl.Read) {
		return // it can't be selected
	}
	m.cases++
	box, missing := fmt.Sprintf("%s%05d", m.prefix, m.cases), fmt.Sprintf("%sx%04d", m.prefix, m.cases)
	m.set("mailbox anna %s", box)
	m.set("allow anna %s clara r", box)
	m.set("mailbox anna Open/here")
	m.put("anna", box, mail.Flags{System: mail.Answered | mail.Deleted})
	m.put("ben", "INBOX", mail.Flags{System: mail.Flagged})
	if err := allow(m.team, "anna", box, "ben", have); err != nil {
		m.t.Fatal(err)
	}
	title := fmt.Sprintf("%s %s with %q", row.command, row.about, have.Letters())
	before := m.digest(box)
	got := m.send(row, "Users/anna/"+box)
	may := row.may(have)
	switch {
	case row.silent:
		if got.code() != "OK" || (len(got.lines) > 0) != may {
			m.t.Errorf("%s: %s", title, got.text())
		}
	case may != (got.code() == "OK"):
		m.t.Errorf("%s: %s", title, got.text())
	case !may && (have.Has(acl.Lookup) || row.selected) && row.tells == 0 && row.about != "from a URL" && got.code() != "NO [NOPERM]":
		m.t.Errorf("%s: refused by %s instead of NOPERM", title, got.text())
	}
	if after := m.digest(box); !may && before != after {
		m.t.Errorf("%s: refused, and yet changed from\n%s\nto\n%s", title, before, after)
	}
	if !row.selected && (have == acl.None || !may && !have.HasAny(acl.Lookup|row.tells)) {
		same := m.send(row, "Users/anna/"+missing)
		if a, b := strings.ReplaceAll(got.text(), box, "BOX"), strings.ReplaceAll(same.text(), missing, "BOX"); a != b {
			m.t.Errorf("%s: shows that the mailbox is there:\n%s\nwithout it\n%s", title, a, b)
		}
	}
	m.owner("anna").Delete(m.ctx, "Open/here") // may have been moved
	m.owner("anna").Delete(m.ctx, "Open/moved")
}

// send lets ben send a row's command in a new session.
func (m *matrixTest) send(row *matrixRow, name string) reply {
	ben := m.talk("ben")
	defer func() {
		ben.conn.Close()
		synctest.Wait()
	}()
	if row.selected {
		ben.ok("SELECT %s", name)
	} else if strings.Contains(row.about, "there") {
		ben.ok("SELECT INBOX")
	}
	line := strings.ReplaceAll(row.line, "@", name)
	if strings.Contains(line, "#") {
		found := strings.Fields(ben.ok("UID SEARCH ALL").lines[0])
		line = strings.ReplaceAll(line, "#", found[len(found)-1])
	}
	return ben.do("%s", line)
}

// digest is all that can be known of one of anna's mailboxes by anybody.
func (m *matrixTest) digest(box string) string {
	anna := m.owner("anna")
	var b strings.Builder
	add := func(v any, err error) { fmt.Fprintln(&b, v, err) }
	st, err := anna.Status(m.ctx, box, mail.WantAllStatus)
	st.Recent = 0 // SELECT takes it away
	add(st, err)
	list, err := anna.ACL(m.ctx, box)
	add(list, err)
	notes, err := anna.Metadata(m.ctx, box)
	add(notes, err)
	if open, err := anna.Open(m.ctx, box); err == nil {
		st, err := open.State(m.ctx, false)
		if err == nil {
			open.Messages(m.ctx, st.UIDs, 0, 0, func(msg *mail.Message) bool {
				fmt.Fprintln(&b, msg.UID, msg.Flags)
				return true
			})
		}
	}
	return b.String()
}

func allow(w *team, owner, path, who string, r acl.Rights) error {
	id, err := acl.ParseIdentifier(who)
	if err != nil {
		return err
	}
	return w.owner(owner).SetACL(w.ctx, path, id, acl.Modification{Op: acl.Replace, Rights: r})
}
