package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A holder keeps a connection of a script open from "hold" to "release".
type holder struct {
	held sync.Map // *testscript.TestScript's working directory -> heldConn
}

type heldConn struct {
	net.Conn
	r *bufio.Reader
}

// hold is the script command "hold ADDRESS FILE UNTIL": it sends the lines of a
// file and reads up to the line that begins with UNTIL.
func (h *holder) hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: hold ADDRESS FILE UNTIL")
	}
	c, err := net.Dial("tcp", args[0])
	ts.Check(err)
	ts.Check(c.SetDeadline(time.Now().Add(30 * time.Second)))
	_, err = io.WriteString(c, strings.ReplaceAll(ts.ReadFile(args[1]), "\n", "\r\n"))
	ts.Check(err)
	r := bufio.NewReader(c)
	for line := ""; !strings.HasPrefix(line, args[2]); {
		line, err = r.ReadString('\n')
		ts.Check(err)
	}
	h.held.Store(ts.Getenv("WORK"), heldConn{c, r})
}

// release is the script command "release": it prints what comes until the server
// hangs up.
func (h *holder) release(ts *testscript.TestScript, neg bool, args []string) {
	c, ok := h.held.LoadAndDelete(ts.Getenv("WORK"))
	if neg || len(args) != 0 || !ok {
		ts.Fatalf("usage: release, after hold")
	}
	held := c.(heldConn)
	defer held.Close()
	b, err := io.ReadAll(held.r)
	ts.Check(err)
	_, err = ts.Stdout().Write(b)
	ts.Check(err)
}
