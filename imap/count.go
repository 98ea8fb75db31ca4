package imap

import (
	"maps"
	"slices"
)

// A Result is how a command ended, in its tagged answer.
type Result uint8

// The results.
const (
	OK Result = iota
	NO
	BAD
)

// Commands returns the names of all commands, sorted. That of a UID form begins
// with "UID ".
func Commands() []string { return slices.Sorted(maps.Keys(newTables(extensions()).commands)) }

// Counts are numbers of sessions.
type Counts struct {
	// By the states of RFC 9051 section 3, as of each session's last command.
	NotAuthenticated, Authenticated, Selected int
	// Waiting are those of them that are told of changes as they come, in IDLE
	// or after NOTIFY.
	Waiting int
}

// Count counts the sessions. It takes a lock for each.
func (srv *Server) Count() Counts {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	c := Counts{Waiting: int(srv.waiting.Load())}
	for s := range srv.sessions {
		s.shown.mu.Lock()
		switch {
		case s.shown.mailbox != "":
			c.Selected++
		case s.shown.user != "":
			c.Authenticated++
		default:
			c.NotAuthenticated++
		}
		s.shown.mu.Unlock()
	}
	return c
}
