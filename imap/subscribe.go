package imap

import (
	"context"

	"poststube/mail"
)

// subscribe is the command of RFC 9051 section 6.3.7.
func subscribe() command { return subscription("SUBSCRIBE", (*mail.User).Subscribe) }

// unsubscribe is the command of RFC 9051 section 6.3.8.
func unsubscribe() command { return subscription("UNSUBSCRIBE", (*mail.User).Unsubscribe) }

func subscription(name string, change func(*mail.User, context.Context, string) error) command {
	return command{name: name, states: loggedIn, read: func(p *parser) run {
		mailbox := readMailboxName(p)
		return func(s *session) (answer, error) {
			err := change(s.user, s.ctx, mailbox)
			if err == nil {
				s.live.subscribed(mailbox, name == "SUBSCRIBE")
			}
			return answer{}, err
		}
	}}
}
