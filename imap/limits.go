package imap

import "time"

// Limits bounds what one client, one user and one address can ask of the
// server. The zero value of a field means its default, which DefaultLimits
// gives; each has a named reply, and none ends in a silent close.
type Limits struct {
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
	// MessageLimit is how many messages one command works on (RFC 9738), which
	// says that it should not be below 1000. 0: any number.
	MessageLimit int
}

// DefaultLimits returns the limits that hold where none are configured.
func DefaultLimits() Limits {
	return Limits{
		LoginTime:           time.Minute,
		LoginBadCommands:    3,
		PendingPerAddress:   20,
		IdleTime:            30 * time.Minute,
		StallTime:           2 * time.Minute,
		BadCommands:         50,
		SessionsPerUser:     1000,
		SessionsPerUserAddr: 40,
		MaxMessage:          50 << 20,
		CommandTime:         10 * time.Second,
	}
}

// withDefaults fills in what is not set.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	fill := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	fillInt := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	fill(&l.LoginTime, d.LoginTime)
	fill(&l.IdleTime, d.IdleTime)
	fill(&l.StallTime, d.StallTime)
	fill(&l.CommandTime, d.CommandTime)
	fillInt(&l.LoginBadCommands, d.LoginBadCommands)
	fillInt(&l.PendingPerAddress, d.PendingPerAddress)
	fillInt(&l.BadCommands, d.BadCommands)
	fillInt(&l.SessionsPerUser, d.SessionsPerUser)
	fillInt(&l.SessionsPerUserAddr, d.SessionsPerUserAddr)
	if l.MaxMessage == 0 {
		l.MaxMessage = d.MaxMessage
	}
	return l
}
