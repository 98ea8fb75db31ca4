package imap

import (
	"bufio"
	"crypto/tls"
	"log/slog"

	"poststube/imap/wire"
)

// offersTLS tells whether STARTTLS is possible.
func (s *session) offersTLS() bool {
	_, already := s.conn.(*tls.Conn)
	return s.in == notAuthenticated && s.srv.tls != nil && !already
}

// starttls is the command of RFC 9051 section 6.2.1.
func starttls() command {
	return command{name: "STARTTLS", states: notAuthenticated, quiet: true, read: readNothing(runStartTLS)}
}

func runStartTLS(s *session) (answer, error) {
	if !s.offersTLS() {
		return answer{}, bad("TLS is not available, or active already")
	}
	if s.dec.Buffered() > 0 {
		// What comes before the handshake may have been put there by somebody
		// on the way. It must never be taken for something the client said
		// over TLS, and a client that pipelines here is broken.
		s.bye("", "Nothing may follow STARTTLS before the handshake")
		return answer{}, nil
	}
	s.enc.Tagged(s.tag, wire.OK, "", "Begin TLS negotiation now")
	if err := s.flush(); err != nil {
		return answer{}, err
	}
	conn := tls.Server(s.stream, s.srv.bindable(s.srv.tls))
	if err := conn.HandshakeContext(s.ctx); err != nil {
		s.log.Info("TLS handshake failed", slog.Any("remote", s.remote), slog.Any("err", err))
		s.in = ended
		return answer{}, nil
	}
	s.conn, s.secure = conn, true
	s.dec.Reset(bufio.NewReaderSize(input{s}, readBuffer))
	return answer{done: true}, nil
}
