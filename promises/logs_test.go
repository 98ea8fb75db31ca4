package promises

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-smtp"
)

// TestLogs runs the program, with passwords right and wrong and messages taken
// and refused, and looks for any of them in what it has logged. Names of users are
// logged, also wrong ones: tools that block guessers read them.
func TestLogs(t *testing.T) {
	bin, dir := buildProgram(t), shortDir(t)
	users := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(users, []byte("anna:canary-right\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := command(bin, dir, "", "user", "add", "--from", users); err != nil {
		t.Fatal(err)
	}
	p, err := start(bin, dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(talk(p.addrs["imap"]), deliverCanary(p.addrs["lmtp"]), askSASL(p.addrs["sasl"]), askMap(p.addrs["socketmap"])); err != nil {
		t.Error(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
	log := p.stderr.String()
	if len(log) == 0 {
		t.Error("nothing was logged: this test proves nothing")
	}
	if strings.Contains(strings.ToLower(log), "canary") || strings.Contains(log, "AGFubmEAY2FuYXJ5") {
		t.Errorf("the log holds what is secret:\n%s", log)
	}
	tried(t, "%d lines of log", strings.Count(log, "\n"))
}

func talk(addr string) error {
	for _, commands := range [][]string{
		{"LOGIN nobody canary-wrong"},
		{"AUTHENTICATE PLAIN AGFubmEAY2FuYXJ5LXdyb25n", "LOGIN anna canary-wrong canary", "LOGIN \"anna canary"},
		{"LOGIN anna canary-right", "APPEND INBOX {31+}\r\nSubject: canary\r\n\r\ncanary text\r\n", "APPEND absent {31+}\r\nSubject: canary\r\n\r\ncanary text\r\n",
			"SELECT INBOX", "SEARCH TEXT canary", "FETCH 1 BODY[]", "CANARY canary", "STORE 1 FLAGS (canary"},
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		w, err := newWire(conn)
		for _, c := range commands {
			if err == nil {
				_, _, err = w.say(c)
			}
		}
		if err := errors.Join(err, conn.Close()); err != nil {
			return fmt.Errorf("%v: %w", commands, err)
		}
	}
	return nil
}

func deliverCanary(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := errors.Join(c.Mail("load@example.com", nil), c.Rcpt("anna@example.org", nil)); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte("Subject: canary\r\n\r\ncanary text\r\n")); err != nil {
		return err
	}
	_, err = w.CloseWithLMTPResponse()
	return err
}

// askSASL logs in through the socket for Postfix and Dovecot: right, wrong, and by a
// response that is none.
func askSASL(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	fmt.Fprint(conn, "VERSION\t1\t2\nCPID\t1\n"+
		"AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp="+base64.StdEncoding.EncodeToString([]byte("\x00anna\x00canary-right"))+"\n"+
		"AUTH\t2\tPLAIN\tservice=smtp\tsecured\tresp="+base64.StdEncoding.EncodeToString([]byte("\x00anna\x00canary-wrong"))+"\n"+
		"AUTH\t3\tPLAIN\tsecured\tresp=canary***\n")
	for answers := 0; answers < 3; {
		line, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("the socket of logins: %w", err)
		}
		if strings.HasPrefix(line, "OK\t") || strings.HasPrefix(line, "FAIL\t") {
			answers++
		}
	}
	return nil
}

// askMap asks for an address.
func askMap(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "26:mailbox canary@example.org,"); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString(',')
	if err != nil {
		return fmt.Errorf("the socket of addresses answered %q: %w", line, err)
	}
	return nil
}
