package server

import (
	"time"

	"poststube/imap"
	"poststube/imap/wire"
	"poststube/smtp"
)

// Limits bounds clients. docs/limits.md has them all, with those that are fixed and
// with the answers that clients get.
type Limits struct {
	Memory          Size     `toml:"memory" doc:"Memory of the process. Above four fifths of it new connections and what needs much memory are refused; near it garbage is collected more often. 0: the environment variable GOMEMLIMIT, or else three quarters of what the machine or the control group has."`
	MessageSize     Size     `toml:"message_size" doc:"The largest message taken, by delivery, upload and import."`
	Recipients      int      `toml:"recipients" doc:"Recipients of one delivery."`
	LMTPConnections int      `toml:"lmtp_connections" doc:"Connections of mail transfer agents at once."`
	IMAPConnections int      `toml:"imap_connections" doc:"IMAP connections at once. Each idle one takes about 40 KiB of memory."`
	UserSessions    int      `toml:"user_sessions" doc:"IMAP sessions of one user at once."`
	AddressSessions int      `toml:"address_sessions" doc:"IMAP sessions of one user from one address at once; loopback, from where webmail and proxies come, is not limited."`
	PendingLogins   int      `toml:"pending_logins" doc:"IMAP connections of one address that have not logged in; not of loopback."`
	LoginTime       Duration `toml:"login_time" doc:"From the greeting to the login."`
	IdleTime        Duration `toml:"idle_time" doc:"How long an IMAP session may be silent. RFC 9051 demands 30 minutes at least."`
	StallTime       Duration `toml:"stall_time" doc:"How long a client may not read what it asked for, or stop inside a literal."`
	StopTime        Duration `toml:"stop_time" doc:"How long clients may finish what they are at when the server stops."`
	LoginBad        int      `toml:"login_bad_commands" doc:"Commands before the login that make no sense, until the connection ends."`
	Bad             int      `toml:"bad_commands" doc:"Commands after the login that make no sense, until the connection ends."`

	CommandTime     Duration `toml:"command_time" doc:"How long one IMAP command may work, such as a search; waiting for the client or for others does not count."`
	CommandMessages int      `toml:"command_messages" doc:"Messages that one IMAP command works on (RFC 9738, MESSAGELIMIT), at least 1000; 0: any number. Mail programs that do not know it see the newest messages only."`
	CommandLine     Size     `toml:"command_line" doc:"One line of an IMAP command after the login. Before it, this and the next five are fixed, and smaller."`
	CommandLiteral  Size     `toml:"command_literal" doc:"One literal of an IMAP command that is not a message."`
	CommandLiterals int      `toml:"command_literals" doc:"Literals of one IMAP command."`
	CommandSize     Size     `toml:"command_size" doc:"All lines and literals of one IMAP command, messages not counted."`
	CommandDepth    int      `toml:"command_depth" doc:"Parentheses, NOT and OR within each other."`
	CommandRanges   int      `toml:"command_ranges" doc:"Numbers and ranges of one set of messages."`

	SearchContexts  int `toml:"search_contexts" doc:"Searches of one session whose changes are told (RFC 5267)."`
	NotifyMailboxes int `toml:"notify_mailboxes" doc:"Mailboxes that one session watches by NOTIFY (RFC 5465)."`
	Mailboxes       int `toml:"mailboxes" doc:"Mailboxes of one person or group."`
	Keywords        int `toml:"keywords" doc:"Different keywords in one mailbox."`
}

func defaultLimits() Limits {
	d := imap.DefaultLimits()
	return Limits{
		MessageSize: 50 << 20, Recipients: 1000, LMTPConnections: 1000,
		IMAPConnections: d.Connections, UserSessions: d.SessionsPerUser, AddressSessions: d.SessionsPerUserAddr, PendingLogins: d.PendingPerAddress,
		LoginTime: Duration(d.LoginTime), IdleTime: Duration(d.IdleTime), StallTime: Duration(d.StallTime), StopTime: Duration(10 * time.Second),
		LoginBad: d.LoginBadCommands, Bad: d.BadCommands,
		CommandTime: Duration(d.CommandTime), CommandLine: Size(d.Command.Line), CommandLiteral: Size(d.Command.Literal),
		CommandLiterals: d.Command.Literals, CommandSize: Size(d.Command.Command), CommandDepth: d.Command.Depth, CommandRanges: d.Command.Ranges,
		SearchContexts: d.Contexts, NotifyMailboxes: d.NotifyNames, Mailboxes: 20_000, Keywords: 500,
	}
}

// imap returns the limits as package imap takes them.
func (l *Limits) imap() imap.Limits {
	return imap.Limits{
		Connections: l.IMAPConnections, LoginTime: l.LoginTime.std(), LoginBadCommands: l.LoginBad, PendingPerAddress: l.PendingLogins,
		IdleTime: l.IdleTime.std(), StallTime: l.StallTime.std(), BadCommands: l.Bad,
		SessionsPerUser: l.UserSessions, SessionsPerUserAddr: l.AddressSessions, MaxMessage: int64(l.MessageSize),
		CommandTime: l.CommandTime.std(), Contexts: l.SearchContexts, NotifyNames: l.NotifyMailboxes, MessageLimit: l.CommandMessages,
		Command: wire.Limits{
			Line: int(l.CommandLine), Literal: int64(l.CommandLiteral), Literals: l.CommandLiterals, Command: int64(l.CommandSize),
			Depth: l.CommandDepth, Ranges: l.CommandRanges,
		},
	}
}

// lmtp returns the limits as package smtp takes them.
func (l *Limits) lmtp() smtp.Limits {
	return smtp.Limits{
		MaxMessage: int64(l.MessageSize), MaxRecipients: l.Recipients, MaxConnections: l.LMTPConnections,
		WriteTime: l.StallTime.std(),
	}
}

// check reports what is wrong with the values.
func (l *Limits) check(bad func(key, format string, args ...any)) {
	if n := l.CommandMessages; n != 0 && n < 1000 {
		bad("limits.command_messages", "%d is too small, the least is 1000, and 0 means any number", n)
	}
	for _, n := range []struct {
		key                string
		value, least, most int64
	}{
		{"message_size", int64(l.MessageSize), 64 << 10, 0},
		{"recipients", int64(l.Recipients), 100, 0}, // RFC 5321 section 4.5.3.1.8
		{"lmtp_connections", int64(l.LMTPConnections), 1, 0},
		{"imap_connections", int64(l.IMAPConnections), 1, 0},
		{"user_sessions", int64(l.UserSessions), 1, 0},
		{"address_sessions", int64(l.AddressSessions), 1, 0},
		{"pending_logins", int64(l.PendingLogins), 1, 0},
		{"login_bad_commands", int64(l.LoginBad), 1, 0},
		{"bad_commands", int64(l.Bad), 1, 0},
		{"command_line", int64(l.CommandLine), 8 << 10, 16 << 20}, // RFC 7162 section 4
		{"command_literal", int64(l.CommandLiteral), 4 << 10, 1 << 30},
		{"command_literals", int64(l.CommandLiterals), 10, 0},
		{"command_size", int64(l.CommandSize), 64 << 10, 1 << 30},
		{"command_depth", int64(l.CommandDepth), 10, 1000}, // readers are recursive
		{"command_ranges", int64(l.CommandRanges), 100, 0},
		{"search_contexts", int64(l.SearchContexts), 1, 0},
		{"notify_mailboxes", int64(l.NotifyMailboxes), 1, 0},
		{"mailboxes", int64(l.Mailboxes), 10, 1_000_000},
		{"keywords", int64(l.Keywords), 10, 65_535}, // stored in 16 bits
	} {
		switch key := "limits." + n.key; {
		case n.value < n.least:
			bad(key, "%d is too small, the least is %d", n.value, n.least)
		case n.most > 0 && n.value > n.most:
			bad(key, "%d is too large, the most is %d", n.value, n.most)
		}
	}
	for key, d := range map[string]Duration{
		"login_time": l.LoginTime, "idle_time": l.IdleTime, "stall_time": l.StallTime, "stop_time": l.StopTime, "command_time": l.CommandTime,
	} {
		if d <= 0 {
			bad("limits."+key, "must be longer than 0s")
		}
	}
}
