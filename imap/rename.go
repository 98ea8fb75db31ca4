package imap

import "context"

// rename is the command of RFC 9051 section 6.3.6.
func rename() command {
	return command{name: "RENAME", states: loggedIn, read: func(p *parser) run {
		from := readMailboxName(p)
		to := readMailboxName(p)
		return func(s *session) (answer, error) {
			user := s.user
			_, err := patiently(s, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, user.Rename(ctx, from, trimSeparator(to))
			})
			if err == nil {
				s.live.moved(from, trimSeparator(to))
			}
			return answer{}, err
		}
	}}
}
