package imap

// noop is the command of RFC 9051 section 6.1.2. That the client is told what is
// new is what every command does; this one also tells of mailboxes.
func noop() command {
	return command{name: "NOOP", states: anyState, read: readNothing(func(*session) (answer, error) {
		return answer{how: syncing{names: true}}, nil
	})}
}

// check is the command of RFC 3501 section 6.4.1. There is nothing to save: all
// that was answered with OK is durable.
func check() command {
	return command{name: "CHECK", states: selected, read: readNothing(nothing)}
}

func nothing(*session) (answer, error) { return answer{}, nil }
