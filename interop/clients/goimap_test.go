package clients

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// goimap is the client library that programs in Go use.
func goimap() client {
	return client{
		name:    "go-imap",
		version: goimapVersion,
		do: map[action]func(*rig){
			plain: goimapPlain, secure: goimapSecure, list: goimapList, read: goimapRead, flag: goimapFlag,
			upload: goimapUpload, move: goimapMove, remove: goimapRemove, follow: goimapFollow, share: goimapShare,
		},
	}
}

func goimapVersion(r *rig) string {
	out, err := exec.CommandContext(r.ctx, "go", "list", "-m", "-f", "{{.Version}}", "github.com/emersion/go-imap/v2").Output()
	r.must(err)
	return strings.TrimSpace(string(out))
}

// goimapLogin connects without TLS and logs in.
func (r *rig) goimapLogin(user string, o *imapclient.Options) *imapclient.Client {
	r.Helper()
	c, err := imapclient.DialInsecure("127.0.0.1:"+r.node.imap, o)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = c.Close() })
	if err := c.Login(user, password).Wait(); err != nil {
		r.Fatal(err)
	}
	return c
}

// goimapSelect does so and opens a mailbox, with CONDSTORE.
func (r *rig) goimapSelect(user, mailbox string, o *imapclient.Options) (*imapclient.Client, *imap.SelectData) {
	r.Helper()
	c := r.goimapLogin(user, o)
	data, err := c.Select(mailbox, &imap.SelectOptions{CondStore: true}).Wait()
	if err != nil {
		r.Fatal(err)
	}
	return c, data
}

// imapCode returns the response code of an error, as in "NOPERM".
func imapCode(err error) imap.ResponseCode {
	var refusal *imap.Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return ""
}

func goimapPlain(r *rig) {
	r.goimapLogin("anna", nil)
	c, err := imapclient.DialInsecure("127.0.0.1:"+r.node.imap, nil)
	r.must(err)
	defer c.Close()
	if err := c.Login("anna", "wrong").Wait(); imapCode(err) != imap.ResponseCodeAuthenticationFailed {
		r.Errorf("a wrong password: %v", err)
	}
}

func goimapSecure(r *rig) {
	pem, err := os.ReadFile(r.node.ca)
	r.must(err)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		r.Fatal("no certificate in " + r.node.ca)
	}
	for port, dial := range map[string]func(string, *imapclient.Options) (*imapclient.Client, error){
		r.node.tls: imapclient.DialTLS, r.node.imap: imapclient.DialStartTLS,
	} {
		c, err := dial("localhost:"+port, &imapclient.Options{TLSConfig: &tls.Config{RootCAs: pool}})
		r.must(err)
		r.must(c.Login("anna", password).Wait())
		r.must(c.Logout().Wait())
		if c, err := dial("localhost:"+port, nil); err == nil {
			if err = c.Noop().Wait(); err == nil {
				r.Error("the client took a certificate that it cannot know")
			}
		}
	}
}

func goimapList(r *rig) {
	c := r.goimapLogin("anna", nil)
	list, err := c.List("", "*", &imap.ListOptions{ReturnSpecialUse: true, ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect()
	r.must(err)
	var names []string
	for _, box := range list {
		names = append(names, box.Mailbox)
		if box.Status == nil {
			r.Errorf("%s has no STATUS", box.Mailbox)
		}
		if box.Mailbox == "Sent" && !slices.Contains(box.Attrs, imap.MailboxAttrSent) {
			r.Errorf("Sent has the attributes %v", box.Attrs)
		}
	}
	for _, want := range []string{"INBOX", "Projects/2026", "Entwürfe & Ideen"} {
		if !slices.Contains(names, want) {
			r.Errorf("%s is missing in %q", want, names)
		}
	}
}

func goimapRead(r *rig) {
	r.fill(ideas, samples()...)
	c, _ := r.goimapSelect("anna", "Entwürfe & Ideen", nil)
	whole := &imap.FetchItemBodySection{Peek: true}
	list, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{
		UID: true, Envelope: true, Flags: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true},
		RFC822Size: true, BodySection: []*imap.FetchItemBodySection{whole},
	}).Collect()
	r.must(err)
	if len(list) != len(samples()) {
		r.Fatalf("%d messages", len(list))
	}
	for i, s := range samples() {
		m := list[i]
		r.same(m.FindBodySection(whole), s)
		if m.Envelope.Subject != s.subject || m.RFC822Size != int64(len(s.raw)) || m.BodyStructure == nil {
			r.Errorf("%s: subject %q, size %d, structure %v", s.subject, m.Envelope.Subject, m.RFC822Size, m.BodyStructure)
		}
	}
	parts := 0
	list[6].BodyStructure.Walk(func([]int, imap.BodyStructure) bool { parts++; return true })
	if parts != 4 {
		r.Errorf("attached has %d parts, want the whole, text, message and file", parts)
	}
}

func goimapFlag(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	c, _ := r.goimapSelect("anna", "INBOX", nil)
	store := func(op imap.StoreFlagsOp, flags ...imap.Flag) {
		r.Helper()
		if err := c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: op, Flags: flags}, nil).Close(); err != nil {
			r.Fatal(err)
		}
	}
	store(imap.StoreFlagsAdd, imap.FlagFlagged, "$Todo")
	r.flags("INBOX", note("one"), `\Flagged`, "$Todo")
	store(imap.StoreFlagsDel, imap.FlagFlagged)
	r.flags("INBOX", note("one"), "$Todo")
	store(imap.StoreFlagsSet, imap.FlagSeen)
	r.flags("INBOX", note("one"), `\Seen`)
}

func goimapUpload(r *rig) {
	r.fill(ideas)
	c := r.goimapLogin("anna", nil)
	for _, s := range samples() {
		cmd := c.Append("Entwürfe & Ideen", int64(len(s.raw)), nil)
		if _, err := cmd.Write(s.raw); err != nil {
			r.Fatal(err)
		}
		r.must(cmd.Close())
		data, err := cmd.Wait()
		r.must(err)
		if data.UID == 0 || data.UIDValidity == 0 {
			r.Errorf("no APPENDUID: %+v", data)
		}
	}
	r.holds(ideas, samples()...)
}

func goimapMove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	r.fill("Projects/2026")
	c, _ := r.goimapSelect("anna", "INBOX", nil)
	moved, err := c.Move(imap.SeqSetNum(2), "Projects/2026").Wait()
	r.must(err)
	if moved.DestUIDs == nil {
		r.Errorf("no COPYUID: %+v", moved)
	}
	if _, err := c.Copy(imap.SeqSetNum(1), "Projects/2026").Wait(); err != nil {
		r.Fatal(err)
	}
	r.holds("INBOX", notes("one", "three")...)
	r.holds("Projects/2026", notes("one", "two")...)
}

func goimapRemove(r *rig) {
	r.fill("INBOX", notes("one", "two", "three")...)
	c, _ := r.goimapSelect("anna", "INBOX", nil)
	found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "two"}}}, nil).Wait()
	r.must(err)
	set := imap.UIDSetNum(found.AllUIDs()...)
	r.must(c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
	r.must(c.UIDExpunge(set).Close())
	r.holds("INBOX", notes("one", "three")...)
}

// goimapFollow: the client idles; what the observer does is pushed to it.
func goimapFollow(r *rig) {
	r.fill("INBOX", notes("one", "two")...)
	heard := make(chan string, 16)
	c, selected := r.goimapSelect("anna", "INBOX", &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				heard <- fmt.Sprintf("exists %d", *d.NumMessages)
			}
		},
		Expunge: func(n uint32) { heard <- fmt.Sprintf("expunge %d", n) },
		Fetch: func(m *imapclient.FetchMessageData) {
			b, err := m.Collect()
			heard <- fmt.Sprintf("fetch %d %v %v", b.SeqNum, slices.Contains(b.Flags, imap.FlagFlagged), err)
		},
	}})
	if selected.NumMessages != 2 || selected.HighestModSeq == 0 {
		r.Errorf("selected: %+v", selected)
	}
	idle, err := c.Idle()
	r.must(err)
	next := func(want string) {
		r.Helper()
		select {
		case got := <-heard:
			if got != want {
				r.Errorf("heard %q, want %q", got, want)
			}
		case <-r.ctx.Done():
			r.Fatalf("nothing heard, want %q", want)
		}
	}
	r.anna.append("INBOX", "", note("three").raw)
	next("exists 3")
	r.anna.do("SELECT INBOX")
	r.anna.do(`STORE 2 +FLAGS (\Flagged)`)
	next("fetch 2 true <nil>")
	r.anna.do(`STORE 1 +FLAGS.SILENT (\Deleted)`)
	next("fetch 1 false <nil>")
	r.anna.do("EXPUNGE")
	next("expunge 1")
	r.must(idle.Close())
	r.must(idle.Wait())

	changed, err := c.Fetch(imap.SeqSet{{Start: 1}}, &imap.FetchOptions{UID: true, Flags: true, ChangedSince: selected.HighestModSeq}).Collect()
	r.must(err)
	if len(changed) != 2 {
		r.Errorf("%d messages changed since, want two and three", len(changed))
	}
}

func goimapShare(r *rig) {
	s := note("shared")
	r.fillTeam(s)
	c, _ := r.goimapSelect("ben", sharedTeam, nil)
	rights, err := c.MyRights(sharedTeam).Wait()
	r.must(err)
	if !strings.HasPrefix(string(rights.Rights), teamRights) {
		r.Errorf("rights %q", rights.Rights)
	}
	space, err := c.Namespace().Wait()
	r.must(err)
	if len(space.Other) != 1 || space.Other[0].Prefix != "Users/" {
		r.Errorf("namespaces %+v", space)
	}
	store := func(flags ...imap.Flag) error {
		return c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: flags}, nil).Close()
	}
	r.must(store(imap.FlagSeen, imap.FlagFlagged))
	r.flags(team, s, `\Flagged`)
	if err := store(imap.FlagDeleted); imapCode(err) != imap.ResponseCodeNoPerm {
		r.Errorf("deleting: %v", err)
	}
	cmd := c.Append(sharedTeam, int64(len(s.raw)), nil)
	_, _ = cmd.Write(s.raw)
	_ = cmd.Close()
	if _, err := cmd.Wait(); imapCode(err) != imap.ResponseCodeNoPerm {
		r.Errorf("uploading: %v", err)
	}
	r.holds(team, s)
}
