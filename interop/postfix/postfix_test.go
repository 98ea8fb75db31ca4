package postfix

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"os/exec"
	"strings"
	"testing"

	"github.com/xdg-go/scram"
)

// TestPostfix sends mail through Postfix and poststube and reads it over IMAP.
func TestPostfix(t *testing.T) {
	r := newRig(t)
	for _, step := range []struct {
		name string
		run  func(*rig)
	}{
		{"anna sends to ben", annaToBen},
		{"wrong password", wrongPassword},
		{"no password without TLS", withoutTLS},
		{"SCRAM", withScram},
		{"who is here", recipients},
		{"who may send as whom", senders},
		{"a team", team},
		{"address verification", verification},
		{"poststube is away", away}, // the last: it stops the server
	} {
		if !t.Run(step.name, func(t *testing.T) {
			sub := *r
			sub.T = t
			step.run(&sub)
		}) {
			return
		}
	}
}

// curl sends a message by the submission service.
func (r *rig) curl(user, from, to, message string) (string, error) {
	cmd := exec.Command("curl", "-sSv", "--max-time", "60", "--ssl-reqd", "-k", "--url", "smtp://"+r.submit+"/client.example.org",
		"--login-options", "AUTH=PLAIN", "-u", user, "--mail-from", from, "--mail-rcpt", to, "-T", "-")
	cmd.Stdin = strings.NewReader(message)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func annaToBen(r *rig) {
	if _, err := exec.LookPath("curl"); err != nil {
		unavailable(r.T, "curl is not installed: apt-get install curl")
	}
	ben := r.login("ben")
	ben.command("SELECT INBOX")
	ben.idle()
	out, err := r.curl("anna:secret", "anna@example.org", "ben@example.org", "From: anna@example.org\r\nSubject: lunch\r\n\r\nAt noon?\r\n")
	if err != nil {
		r.Fatalf("%v\n%s", err, out)
	}
	ben.arrival()
	got := ben.command("FETCH * (BODY.PEEK[])")
	for _, want := range []string{"Subject: lunch\r\n", "\r\n\r\nAt noon?\r\n", "Return-Path: <anna@example.org>\r\n", "by mx.example.org (Postfix)", "by mail.example.org with LMTP"} {
		if !strings.Contains(got, want) {
			r.Errorf("the message lacks %q:\n%s", want, got)
		}
	}
	if want := "msg=login proto=dovecot-auth"; !strings.Contains(r.log.String(), want) {
		r.Errorf("the log lacks %s", want)
	}
}

func wrongPassword(r *rig) {
	out, err := r.curl("anna:guess", "anna@example.org", "ben@example.org", "Subject: x\r\n\r\n")
	if err == nil || !strings.Contains(out, "< 535 5.7.8 ") || strings.Contains(out, "RCPT") {
		r.Errorf("a wrong password: %v\n%s", err, out)
	}
	if want := `msg="auth failed" user=anna remote=127.0.0.1 proto=smtp mech=PLAIN reason=password`; strings.Count(r.log.String(), want) != 1 {
		r.Errorf("the log lacks %s", want)
	}
}

// open connects to a service of Postfix, over TLS if secure.
func (r *rig) open(addr string, secure bool) *smtp.Client {
	r.Helper()
	c, err := smtp.Dial(addr)
	r.must(err)
	r.Cleanup(func() { c.Close() })
	r.must(c.Hello("client.example.org"))
	if secure {
		r.must(c.StartTLS(&tls.Config{InsecureSkipVerify: true}))
	}
	return c
}

// as logs somebody in at the submission service.
func (r *rig) as(user string) *smtp.Client {
	r.Helper()
	c := r.open(r.submit, true)
	host, _, err := net.SplitHostPort(r.submit)
	r.must(err)
	r.must(c.Auth(smtp.PlainAuth("", user, "secret", host)))
	return c
}

// rcpt begins a message and returns the reply to its recipient.
func (r *rig) rcpt(c *smtp.Client, from, to string) string {
	r.Helper()
	r.must(c.Reset())
	r.must(c.Mail(from))
	err := c.Rcpt(to)
	var reply *textproto.Error
	switch {
	case err == nil:
		return "250"
	case errors.As(err, &reply):
		return fmt.Sprintf("%d %s", reply.Code, reply.Msg)
	}
	r.Fatal(err)
	return ""
}

// expect checks the reply to one recipient.
func (r *rig) expect(c *smtp.Client, from, to, want string) {
	r.Helper()
	if got := r.rcpt(c, from, to); !strings.HasPrefix(got, want) {
		r.Errorf("from %s to %s: %q, want %q", from, to, got, want)
	}
}

func withoutTLS(r *rig) {
	c := r.open(r.submit, false)
	if ok, params := c.Extension("AUTH"); ok {
		r.Errorf("passwords are asked for without TLS: %s", params)
	}
	c = r.open(r.submit, true)
	if ok, params := c.Extension("AUTH"); !ok || params != "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN" {
		r.Errorf("the mechanisms are %q", params)
	}
	r.expect(c, "anna@example.org", "ben@example.org", "554 5.7.1") // who is that?
}

// scramAuth is SCRAM for net/smtp.
type scramAuth struct {
	conversation *scram.ClientConversation
}

func (a *scramAuth) Start(*smtp.ServerInfo) (string, []byte, error) {
	first, err := a.conversation.Step("")
	return "SCRAM-SHA-256", []byte(first), err
}

func (a *scramAuth) Next(challenge []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	response, err := a.conversation.Step(string(challenge))
	return []byte(response), err
}

func withScram(r *rig) {
	c := r.open(r.submit, true)
	client, err := scram.SHA256.NewClient("anna", "secret", "")
	r.must(err)
	auth := &scramAuth{client.NewConversation()}
	r.must(c.Auth(auth))
	if !auth.conversation.Valid() {
		r.Error("the server has not proven that it knows the password")
	}
	r.expect(c, "anna@example.org", "ben@example.org", "250")
}

func recipients(r *rig) {
	c := r.open(r.smtp, false)
	const from = "somebody@example.net"
	r.expect(c, from, "ben@example.org", "250")
	r.expect(c, from, "BEN+lists@Example.ORG", "250")
	r.expect(c, from, "sales@example.org", "250")
	r.expect(c, from, "nobody@example.org", "550 5.1.1")
	r.expect(c, from, "ben@example.com", "454 4.7.1") // no open relay
	r.expect(r.as("anna"), "anna@example.org", "nobody@example.org", "550 5.1.1")
}

func senders(r *rig) {
	anna, clara := r.as("anna"), r.as("clara")
	r.expect(anna, "anna@example.org", "ben@example.org", "250")
	r.expect(anna, "anna+news@example.org", "ben@example.org", "250")
	r.expect(anna, "ben@example.org", "ben@example.org", "553 5.7.1")
	r.expect(anna, "anna@example.com", "ben@example.org", "553 5.7.1")
	r.expect(anna, "sales@example.org", "ben@example.org", "250") // she is a member
	r.expect(clara, "sales@example.org", "ben@example.org", "553 5.7.1")
}

// team: mail to the team's address is in the team's inbox.
func team(r *rig) {
	ben := r.login("ben")
	ben.command(`SELECT Shared/sales/INBOX`)
	ben.idle()
	c := r.open(r.smtp, false)
	r.expect(c, "somebody@example.net", "sales@example.org", "250")
	w, err := c.Data()
	r.must(err)
	_, err = w.Write([]byte("Subject: an offer\r\n\r\nfor you\r\n"))
	r.must(err)
	r.must(w.Close())
	ben.arrival()
	if got := ben.command("FETCH * (BODY.PEEK[])"); !strings.Contains(got, "Subject: an offer\r\n") {
		r.Errorf("the team's message:\n%s", got)
	}
}

func verification(r *rig) {
	c := r.open(r.verify, false)
	r.expect(c, "somebody@example.net", "ben@example.org", "250")
	r.expect(c, "somebody@example.net", "nobody@example.org", "550 5.1.1")
}

// away: while nobody answers, mail is neither refused for ever nor taken.
func away(r *rig) {
	r.stop()
	c := r.open(r.smtp, false)
	r.expect(c, "somebody@example.net", "ben@example.org", "451 4.3.0")
	r.expect(c, "somebody@example.net", "nobody@example.org", "451 4.3.0")
}
