package imap

import (
	"context"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"poststube/imap/wire"
	"poststube/mail"
)

// inProgress is RFC 9585: a client hears from a command that takes long, so that
// it does not give up.
func inProgress() extension {
	return extension{name: "INPROGRESS", rfc: "RFC 9585", capabilities: always("INPROGRESS")}
}

// progressInterval is how often a client hears of a command (RFC 9585 section 3
// recommends 10 to 15 seconds).
const progressInterval = 10 * time.Second

// patiently does what may take long, in a goroutine of its own, and tells the
// client from time to time that it goes on. work may use the engine but nothing
// of the session, which goes on speaking meanwhile; no literal may be half
// written. When the client can't be reached any more its context ends.
func patiently[T any](s *session, work func(ctx context.Context) (T, error)) (T, error) {
	type result struct {
		value T
		err   error
		panic any
	}
	var progress mail.Progress
	ctx, cancel := context.WithCancel(mail.WithProgress(s.ctx, &progress))
	defer cancel()
	if s.user != nil {
		var turn *mail.Turn
		ctx, turn = s.user.WithTurn(ctx, s.srv.limits.CommandTime)
		defer turn.End() // work is over then
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.panic = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
			done <- r
		}()
		r.value, r.err = work(ctx)
	}()
	ticker := time.NewTicker(progressInterval)
	defer ticker.Stop()
	for {
		select {
		case r := <-done:
			if r.panic != nil {
				panic(r.panic) // for serve, as if it had been here
			}
			return r.value, r.err
		case <-ticker.C:
			s.enc.Untagged(wire.OK, progressCode(s.tag, &progress), "Still at work")
			if err := s.flush(); err != nil {
				cancel()
			}
			s.speak()
		}
	}
}

// progressCode is the response code of RFC 9585 section 4. A tag with "]" would
// end the code, and a goal that is reached would look like the end.
func progressCode(tag string, p *mail.Progress) string {
	if tag = `"` + tag + `"`; strings.Contains(tag, "]") {
		tag = "NIL"
	}
	state := "NIL NIL"
	if done, goal := p.Counted(); goal > 0 {
		state = strconv.FormatInt(min(done, goal-1), 10) + " " + strconv.FormatInt(goal, 10)
	}
	return "INPROGRESS (" + tag + " " + state + ")"
}
