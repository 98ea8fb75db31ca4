package imap

import (
	"crypto/tls"
	"errors"

	"poststube/directory"
)

// saslIR is the initial response of AUTHENTICATE, part of IMAP4rev2, which is
// also where the mechanisms are announced.
func saslIR() extension {
	return extension{
		name: "SASL-IR",
		rfc:  "RFC 4959",
		capabilities: func(s *session) []string {
			if s.in != notAuthenticated {
				return nil
			}
			names := []string{"SASL-IR"}
			for _, m := range s.srv.directory.Mechanisms(s.channel("")) {
				names = append(names, "AUTH="+m)
			}
			return names
		},
	}
}

// channel describes the connection to SASL.
func (s *session) channel(mech string) directory.Channel {
	ch := directory.Channel{Origin: s.loginOrigin(mech), Secure: s.secure}
	if tc, ok := s.conn.(*tls.Conn); ok {
		state := tc.ConnectionState()
		ch.TLS, ch.Certificate = &state, s.stream.certificate
	}
	return ch
}

// authenticate is the command of RFC 9051 section 6.2.2.
func authenticate() command {
	return command{name: "AUTHENTICATE", states: notAuthenticated, quiet: true, read: readAuthenticate}
}

func readAuthenticate(p *parser) run {
	p.SP()
	mech := p.Keyword()
	var response []byte
	if p.TrySP() {
		response = p.Base64()
	}
	return func(s *session) (answer, error) {
		ex, err := s.srv.directory.Mechanism(mech, s.channel(mech))
		if errors.Is(err, directory.ErrMechanism) {
			return answer{}, no("CANNOT", "That mechanism is not offered on this connection, see CAPABILITY")
		}
		if err != nil {
			return answer{}, s.loginFailure(err)
		}
		return s.exchange(ex, response)
	}
}

// exchange carries challenges and responses between the client and a mechanism.
func (s *session) exchange(ex directory.Exchange, response []byte) (answer, error) {
	ctx, cancel := s.loginContext()
	defer cancel()
	for {
		challenge, done, err := ex.Next(ctx, response)
		if err != nil {
			return answer{}, s.loginFailure(err)
		}
		if done {
			if x, ok := ex.(directory.Expiring); ok {
				s.expires = x.Until()
			}
			return s.admit(ex.Principal())
		}
		s.enc.ContinueBase64(challenge)
		var cancelled, ok bool
		response, cancelled, ok = s.dec.Base64Line()
		switch {
		case cancelled:
			return answer{}, bad("AUTHENTICATE cancelled")
		case !ok:
			return answer{}, bad("The response is no base64")
		}
	}
}
