package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// An Address says what is spoken where: "imap=127.0.0.1:1143" or
// "lmtp=unix:/run/lmtp.sock".
type Address struct {
	Protocol string
	Addr     string
}

func (a Address) String() string { return a.Protocol + "=" + a.Addr }

// Protocols that this version speaks.
var protocols = [...]string{"imap", "imaps", "lmtp", "sasl", "socketmap", "metrics"}

// of returns where a protocol's addresses are.
func (l *Listen) of(protocol string) *[]string {
	switch protocol {
	case "imap":
		return &l.IMAP
	case "imaps":
		return &l.IMAPS
	case "lmtp":
		return &l.LMTP
	case "sasl":
		return &l.SASL
	case "metrics":
		return &l.Metrics
	case "socketmap":
		return &l.Socketmap
	}
	return nil
}

// ParseAddress reads what --listen takes.
func ParseAddress(s string) (Address, error) {
	proto, addr, ok := strings.Cut(s, "=")
	if !ok {
		return Address{}, fmt.Errorf("%q does not say what to listen where, write it as imap=127.0.0.1:1143 or lmtp=unix:/run/lmtp.sock", s)
	}
	a := Address{strings.ToLower(proto), addr}
	return a, a.check()
}

func (a Address) check() error {
	if !slices.Contains(protocols[:], a.Protocol) {
		return fmt.Errorf("listen %s: protocol %q is not known, there are %s", a, a.Protocol, strings.Join(protocols[:], ", "))
	}
	if path, ok := strings.CutPrefix(a.Addr, "unix:"); ok {
		if path == "" {
			return fmt.Errorf("listen %s: the path of the socket is missing", a)
		}
		return nil
	}
	_, port, err := net.SplitHostPort(a.Addr)
	if err != nil || port == "" {
		return fmt.Errorf("listen %s: %q is neither host:port nor unix:PATH", a, a.Addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("listen %s: %q is no port, ports are numbers up to 65535", a, port)
	}
	return nil
}

// all returns the configured addresses.
func (l *Listen) all() []Address {
	var list []Address
	for _, protocol := range protocols {
		for _, addr := range *l.of(protocol) {
			list = append(list, Address{protocol, addr})
		}
	}
	return list
}

// Set replaces all addresses, by such as ParseAddress returns.
func (l *Listen) Set(list []Address) {
	*l = Listen{}
	for _, a := range list {
		addrs := l.of(a.Protocol)
		*addrs = append(*addrs, a.Addr)
	}
}

// open starts listening.
func (a Address) open(sockets Sockets) (net.Listener, error) {
	if path, ok := strings.CutPrefix(a.Addr, "unix:"); ok {
		return sockets.listen(path)
	}
	l, err := net.Listen("tcp", a.Addr)
	return l, a.explain(err)
}

// explain says what to do when an address cannot be listened on.
func (a Address) explain(err error) error {
	var host *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EACCES):
		return refuse(fmt.Errorf("listen %s: ports below 1024 need root or CAP_NET_BIND_SERVICE; others don't: --listen %s=127.0.0.1:%d", a, a.Protocol, highPort(a)))
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen %s: another program listens there: stop it (ss -ltnp shows it), or choose another port with --listen", a)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("listen %s: this machine does not have that address (ip address shows those it has)", a)
	case errors.As(err, &host):
		return fmt.Errorf("listen %s: there is no host %q: name one of this machine's addresses, or none for all of them", a, host.Name)
	}
	return fmt.Errorf("listen %s: %w", a, err)
}

// listen makes a socket file with the permissions and the group that are wanted.
func (s Sockets) listen(path string) (net.Listener, error) {
	gid, err := s.gid()
	if err != nil {
		return nil, refuse(fmt.Errorf("sockets.group: %w", err))
	}
	l, err := listenUnix(path, os.FileMode(s.Mode))
	if err != nil || gid < 0 {
		return l, err
	}
	if err := os.Chown(path, -1, gid); err != nil {
		l.Close()
		return nil, refuseAccess(fmt.Errorf("listen unix:%s: giving the socket to the group %s, of which the server must be a member: %w", path, s.Group, err))
	}
	return l, nil
}

// gid returns the number of the group, or -1 if none is named.
func (s Sockets) gid() (int, error) {
	if s.Group == "" {
		return -1, nil
	}
	if n, err := strconv.ParseUint(s.Group, 10, 31); err == nil {
		return int(n), nil
	}
	g, err := user.LookupGroup(s.Group)
	if err != nil {
		return 0, fmt.Errorf("there is no group %q on this system", s.Group)
	}
	return strconv.Atoi(g.Gid)
}

// highPort proposes a port that anybody may listen on: 1143 for 143.
func highPort(a Address) int {
	_, port, _ := net.SplitHostPort(a.Addr)
	n, _ := strconv.Atoi(port)
	return 1000 + n
}

// maxSocketPath is what sockaddr_un holds.
const maxSocketPath = 107

// listenUnix makes a socket file that only the mode's classes can connect to. A
// file left behind by a process that is gone is replaced.
func listenUnix(path string, mode os.FileMode) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, refuse(fmt.Errorf("listen unix:%s: the path is too long for a socket, the system takes %d octets", path, maxSocketPath))
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket == 0 {
		return nil, refuse(fmt.Errorf("listen unix:%s: there is a file of that name that is no socket", path))
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("listen unix:%s: another process listens there", path)
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	// The mask holds for the whole process, but only while it starts.
	old := syscall.Umask(int(0o777 &^ mode))
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, refuseAccess(fmt.Errorf("listen unix:%s: %w", path, err))
	}
	return l, nil
}

// accept hands each connection of l to serve, which does not wait for its end,
// until l is closed.
func accept(ctx context.Context, l net.Listener, log *slog.Logger, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			serve(c)
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		default:
			// Out of file descriptors, most likely: others will leave.
			log.Error("accept failed", "addr", l.Addr().String(), "err", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}
