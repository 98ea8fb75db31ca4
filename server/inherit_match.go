package server

import (
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
)

// A listening is one open listener of a protocol.
type listening struct {
	Address
	socket net.Listener
	keepAs string // the name under which the service manager can keep it; empty: not at all
}

// listenAll opens all configured listeners, or takes what was passed on:
//
//   - A socket with the name of a protocol serves it, and what is configured for
//     that protocol is not opened: the socket unit says where.
//   - A socket that an earlier process gave to be kept is taken for the same
//     configured address.
//   - Any other socket stands in for the configured listener at its address.
//
// A socket that nothing is configured for is an error, except for one that was
// kept: the configuration has changed, and it is closed; stale has its name.
// On an error all are closed.
func listenAll(c *Config, inherited []Inherited, log *slog.Logger) (list []listening, stale []string, err error) {
	left := slices.Clone(inherited)
	defer func() {
		closeInherited(left)
		if err != nil {
			for _, l := range list {
				l.socket.Close()
			}
		}
	}()
	take := func(fits func(Inherited) bool) (net.Listener, bool) {
		i := slices.IndexFunc(left, fits)
		if i < 0 {
			return nil, false
		}
		l := left[i].Listener
		left = slices.Delete(left, i, i+1)
		return l, true
	}
	named := map[string]bool{} // protocols
	for _, protocol := range protocols {
		for {
			l, ok := take(func(s Inherited) bool { return s.Name == protocol })
			if !ok {
				break
			}
			named[protocol] = true
			list = append(list, listening{Address{protocol, boundTo(l)}, l, ""})
			if len(*c.Listen.of(protocol)) == 0 {
				return list, nil, refuse(fmt.Errorf("the service manager passed on a socket for %s, but listen.%s is empty, which switches %s off: fill it, or disable the socket unit", protocol, protocol, protocol))
			}
		}
	}
	for _, a := range c.Listen.all() {
		if named[a.Protocol] {
			if !slices.ContainsFunc(list, func(l listening) bool { return l.Protocol == a.Protocol && a.isAt(l.socket.Addr()) }) {
				log.Warn("not opened, since a socket unit says where the protocol listens", "listen", a.String())
			}
			continue
		}
		l, ok := take(func(s Inherited) bool { return s.Name == a.keptName() })
		keepAs := a.keptName()
		if !ok {
			if l, ok = take(func(s Inherited) bool { return !isKept(s.Name) && a.isAt(s.Addr()) }); ok {
				keepAs = "" // its unit keeps it
			}
		}
		if !ok {
			if l, err = a.open(c.Sockets); err != nil {
				return list, nil, err
			}
		}
		list = append(list, listening{Address{a.Protocol, boundTo(l)}, l, keepAs})
	}
	for _, s := range left {
		if !isKept(s.Name) {
			return list, nil, refuse(fmt.Errorf("the service manager passed on a socket at %s, named %q, but nothing is configured to listen there: "+
				"configure it (there are %s), or name the protocol in the socket unit (FileDescriptorName=imap), or disable the unit",
				boundTo(s), s.Name, configured(c)))
		}
		stale = append(stale, s.Name)
	}
	return list, stale, nil
}

// configured lists the addresses for an error.
func configured(c *Config) string {
	var list []string
	for _, a := range c.Listen.all() {
		list = append(list, a.String())
	}
	return strings.Join(list, ", ")
}

const keptPrefix = "kept-"

func isKept(name string) bool { return strings.HasPrefix(name, keptPrefix) }

// keptName is how the service manager calls a kept listener: the address as it
// is configured, without the ":" that such a name cannot have. Unix sockets are
// not kept, since their files get the permissions of the present configuration.
func (a Address) keptName() string {
	if strings.HasPrefix(a.Addr, "unix:") {
		return ""
	}
	return keptPrefix + strings.ReplaceAll(a.String(), ":", "_")
}

// isAt tells whether a socket's address is the configured one. All addresses of
// the host are equal, however they are written.
func (a Address) isAt(at net.Addr) bool {
	if path, ok := strings.CutPrefix(a.Addr, "unix:"); ok {
		return at.Network() == "unix" && at.String() == path
	}
	bound, ok := at.(*net.TCPAddr)
	if !ok {
		return false
	}
	want, err := net.ResolveTCPAddr("tcp", a.Addr)
	if err != nil || want.Port != bound.Port {
		return false
	}
	if len(want.IP) == 0 || want.IP.IsUnspecified() {
		return bound.IP.IsUnspecified()
	}
	return want.IP.Equal(bound.IP)
}
