package imap

import (
	"time"

	"poststube/imap/wire"
)

// Limits bounds what one client, one user and one address can ask of the
// server. The zero value of a field means its default, which DefaultLimits
// gives; each has a named reply, and none ends in a silent close.
type Limits struct {
	// Connections is how many there may be at once, whosoever they are.
	Connections int

	// Before login.
	LoginTime        time.Duration // from the greeting to the login
	LoginBadCommands int           // until BYE
	// PendingPerAddress is how many connections of one address may be not
	// logged in at once.
	PendingPerAddress int

	// After login.
	IdleTime            time.Duration // without a command, or in one IDLE (RFC 9051 section 5.4: at least 30 minutes)
	StallTime           time.Duration // for a client that does not read, or stops inside a literal
	BadCommands         int           // until BYE
	SessionsPerUser     int
	SessionsPerUserAddr int   // of one user from one address that is not loopback
	MaxMessage          int64 // octets of a message to APPEND; announced as APPENDLIMIT (RFC 7889)
	// CommandTime is how long one command may work: search, sort, thread, match
	// names, or find nothing to send. Waiting does not count.
	CommandTime time.Duration
	// Command bounds the octets of one command.
	Command wire.Limits
	// Contexts is how many searches of a session are updated at once (RFC 5267).
	// Each costs a look at every message that changes, and four octets for each
	// result of a SORT.
	Contexts int
	// NotifyNames is how many mailboxes of a session may be watched for messages,
	// and how many names one NOTIFY may have (RFC 5465).
	NotifyNames int
	// MessageLimit is how many messages one command works on (RFC 9738), which
	// says that it should not be below 1000. 0: any number.
	MessageLimit int
}

// DefaultLimits returns the limits that hold where none are configured.
func DefaultLimits() Limits {
	return Limits{
		Connections:         20_000,
		LoginTime:           time.Minute,
		LoginBadCommands:    3,
		PendingPerAddress:   20,
		IdleTime:            30 * time.Minute,
		StallTime:           2 * time.Minute,
		BadCommands:         50,
		SessionsPerUser:     1000,
		SessionsPerUserAddr: 40,
		MaxMessage:          50 << 20,
		CommandTime:         30 * time.Second,
		Command:             wire.LimitsAfterLogin(),
		Contexts:            10,
		NotifyNames:         500,
	}
}

// withDefaults fills in what is not set.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	preset(&l.Connections, d.Connections)
	preset(&l.LoginTime, d.LoginTime)
	preset(&l.LoginBadCommands, d.LoginBadCommands)
	preset(&l.PendingPerAddress, d.PendingPerAddress)
	preset(&l.IdleTime, d.IdleTime)
	preset(&l.StallTime, d.StallTime)
	preset(&l.BadCommands, d.BadCommands)
	preset(&l.SessionsPerUser, d.SessionsPerUser)
	preset(&l.SessionsPerUserAddr, d.SessionsPerUserAddr)
	preset(&l.MaxMessage, d.MaxMessage)
	preset(&l.CommandTime, d.CommandTime)
	preset(&l.Contexts, d.Contexts)
	preset(&l.NotifyNames, d.NotifyNames)
	preset(&l.Command.Line, d.Command.Line)
	preset(&l.Command.Literal, d.Command.Literal)
	preset(&l.Command.Literals, d.Command.Literals)
	preset(&l.Command.Command, d.Command.Command)
	preset(&l.Command.Depth, d.Command.Depth)
	preset(&l.Command.Ranges, d.Command.Ranges)
	preset(&l.Command.Discard, d.Command.Discard)
	return l
}

// preset gives what is not set its default.
func preset[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}
