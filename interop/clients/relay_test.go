package clients

import (
	"bufio"
	"io"
	"net"
	"regexp"
	"sync"
)

// relay listens on a port of its own and passes on what a client and the server
// say to each other. Before the first line of a client that matches, it lets then
// happen: something that meets the client in the middle of its work.
func (r *rig) relay(when string, then func()) (port string) {
	r.Helper()
	pattern := regexp.MustCompile(when)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	var once sync.Once
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", "127.0.0.1:"+r.node.imap)
			if err != nil {
				_ = client.Close()
				continue
			}
			both := func() { _ = client.Close(); _ = server.Close() }
			running.Go(func() { defer both(); _, _ = io.Copy(client, server) })
			running.Go(func() {
				defer both()
				in := bufio.NewReader(client)
				for {
					line, err := in.ReadBytes('\n')
					if pattern.Match(line) {
						once.Do(then)
					}
					if _, werr := server.Write(line); err != nil || werr != nil {
						return
					}
				}
			})
		}
	})
	r.Cleanup(func() { _ = l.Close(); running.Wait() })
	_, port, err = net.SplitHostPort(l.Addr().String())
	r.must(err)
	return port
}
