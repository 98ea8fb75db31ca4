package imap

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// TestCommandTime: whatever looks at many messages or names ends with NO [LIMIT]
// when it has worked for too long, and the session goes on.
func TestCommandTime(t *testing.T) {
	srv := newTestServer(t)
	srv.limits.CommandTime = time.Nanosecond
	client, server := net.Pipe()
	defer client.Close()
	go srv.ServeConn(server, nil)
	r := bufio.NewReader(client)
	read := func(prefix string) string {
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(line, prefix) {
				return line
			}
		}
	}
	read("* OK")
	patterns := "(" + strings.Repeat("%a%b ", 100) + "%a)"
	for i, c := range []struct{ command, want string }{
		{"LOGIN anna secret", "OK"},
		{"SELECT INBOX", "OK"},
		{"SEARCH SUBJECT one", "NO [LIMIT] The command takes more work than 1ns"},
		{"SEARCH TEXT one", "NO [LIMIT]"},
		{"SEARCH OR SEEN UNSEEN", "NO [LIMIT]"},
		{"SORT (SUBJECT) UTF-8 ALL", "NO [LIMIT]"},
		{"THREAD REFERENCES UTF-8 SUBJECT one", "NO [LIMIT]"},
		{"FETCH 1:* (ENVELOPE)", "NO [LIMIT]"},
		{"FETCH 1:* BODY.PEEK[TEXT]", "NO [LIMIT]"},
		{`LIST "" ` + patterns, "NO [LIMIT]"},
		{"NOOP", "OK"},
	} {
		tag := fmt.Sprintf("a%d ", i)
		fmt.Fprintf(client, "%s%s\r\n", tag, c.command)
		if got := read(tag); !strings.HasPrefix(got, tag+c.want) {
			t.Errorf("%s: %s", c.command, got)
		}
	}
}
