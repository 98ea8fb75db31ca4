package imap

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"poststube/directory"
	"poststube/mail"
)

// login is the command of RFC 9051 section 6.2.3.
func login() command {
	return command{name: "LOGIN", states: notAuthenticated, quiet: true, read: readLogin}
}

func readLogin(p *parser) run {
	p.SP()
	name := p.AString()
	p.SP()
	password := p.AString()
	return func(s *session) (answer, error) {
		if !s.secure {
			return answer{}, no("PRIVACYREQUIRED", "Passwords are accepted over TLS only, use STARTTLS")
		}
		ctx, cancel := s.loginContext()
		defer cancel()
		who, err := s.srv.directory.Verify(ctx, name, password, s.loginOrigin("LOGIN"))
		if err != nil {
			return answer{}, s.loginFailure(err)
		}
		return s.admit(who)
	}
}

// loginContext ends what a login waits for when its time is over.
func (s *session) loginContext() (context.Context, context.CancelFunc) {
	return context.WithDeadline(s.ctx, s.started.Add(s.srv.limits.LoginTime))
}

func (s *session) loginOrigin(mech string) directory.Origin {
	return directory.Origin{Remote: s.remote, Proto: "imap", Mech: mech}
}

// loginFailure is the answer to a login that failed. It does not tell whether
// there is such a user.
func (s *session) loginFailure(err error) error {
	switch {
	case errors.Is(err, directory.ErrAuth):
		return no("AUTHENTICATIONFAILED", "User name or password is wrong")
	case errors.Is(err, directory.ErrSyntax):
		return bad("The response is not what the mechanism wants")
	case errors.Is(err, context.DeadlineExceeded):
		s.bye("", "No login for too long")
		return nil
	}
	s.log.Error("login could not be checked", slog.Any("err", err))
	return no("UNAVAILABLE", "The login can't be checked now, please try again later")
}

// admit makes the session that of a user.
func (s *session) admit(who directory.Principal) (answer, error) {
	if err := s.srv.census.login(s.remote, who.ID); err != nil {
		return answer{}, no("LIMIT", "%s", sentence(err.Error()))
	}
	s.user = s.srv.engine.As(who, mail.Origin{Protocol: "imap", Remote: s.remote, Session: s.id})
	s.in = authenticated
	s.pending.Store(false)
	if s.client != "" {
		s.user.SetClient(s.client)
	}
	s.setProfile()
	s.bad = 0
	s.dec.Limits = s.srv.limits.Command
	s.stream.patience(s.srv.limits.IdleTime, s.expires)
	s.log = s.log.With(slog.String("user", who.Name))
	s.log.Info("login", slog.Any("remote", s.remote), slog.Bool("secure", s.secure))
	return answer{code: "CAPABILITY " + s.capabilities(), text: "Welcome, " + strings.ToValidUTF8(who.Name, "?")}, nil
}
