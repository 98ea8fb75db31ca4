package ldapdir

import (
	"cmp"
	"context"
	"net"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// A pool keeps a few connections to the server, each used by one caller at a time.
type pool struct {
	config *Config
	// reader: the connections are bound with BindDN. The others are for the
	// passwords of people, and bound to whoever was the last.
	reader bool
	idle   chan *ldap.Conn
}

const maxIdle = 4

func newPool(c *Config, reader bool) *pool {
	return &pool{config: c, reader: reader, idle: make(chan *ldap.Conn, maxIdle)}
}

// do runs fn with a connection. If one that was kept has died meanwhile, fn is run
// once more with a new one.
func (p *pool) do(ctx context.Context, fn func(*ldap.Conn) error) error {
	for {
		conn, kept, err := p.take(ctx)
		if err != nil {
			return err
		}
		err = fn(conn)
		if !broken(err) {
			p.give(conn)
			return err
		}
		conn.Close()
		if !kept || ctx.Err() != nil {
			return err
		}
	}
}

// broken tells whether the connection is of no more use after err.
func broken(err error) bool {
	return err != nil && (ldap.IsErrorAnyOf(err, ldap.ErrorNetwork, ldap.ErrorUnexpectedMessage, ldap.ErrorUnexpectedResponse,
		ldap.LDAPResultUnavailable, ldap.LDAPResultBusy, ldap.LDAPResultOther, ldap.LDAPResultTimeout) || !isLDAP(err))
}

func (p *pool) take(ctx context.Context) (conn *ldap.Conn, kept bool, err error) {
	for {
		select {
		case conn = <-p.idle:
			if conn.IsClosing() {
				conn.Close()
				continue
			}
			return conn, true, nil
		default:
			conn, err = p.dial(ctx)
			return conn, false, err
		}
	}
}

func (p *pool) give(conn *ldap.Conn) {
	select {
	case p.idle <- conn:
	default:
		conn.Close()
	}
}

func (p *pool) close() {
	for {
		select {
		case conn := <-p.idle:
			conn.Close()
		default:
			return
		}
	}
}

func (p *pool) dial(ctx context.Context) (*ldap.Conn, error) {
	c := p.config
	timeout := cmp.Or(c.Timeout, 10*time.Second)
	dialer := &net.Dialer{Timeout: timeout}
	if end, ok := ctx.Deadline(); ok {
		dialer.Deadline = end
	}
	conn, err := ldap.DialURL(c.URL, ldap.DialWithDialer(dialer), ldap.DialWithTLSConfig(c.TLS))
	if err != nil {
		return nil, err
	}
	conn.SetTimeout(timeout)
	if c.StartTLS {
		err = conn.StartTLS(c.TLS)
	}
	if err == nil && p.reader && c.BindDN != "" {
		err = conn.Bind(c.BindDN, c.BindPassword)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}
