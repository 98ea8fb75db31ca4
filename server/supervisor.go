package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// NotifySupervisor tells the service manager that started the process how it
// stands, as sd_notify(3) does: "READY=1", "STOPPING=1". socket is the value of
// NOTIFY_SOCKET; empty means that nobody wants to know.
func NotifySupervisor(socket, state string) error { return notifySupervisor(socket, state, nil) }

// notifySupervisor sends a state, and with it what syscall.UnixRights returns.
func notifySupervisor(socket, state string, rights []byte) error {
	if socket == "" {
		return nil
	}
	if strings.HasPrefix(socket, "@") {
		socket = "\x00" + socket[1:] // an abstract name
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	defer c.Close()
	raw, err := c.SyscallConn() // since WriteMsgUnix takes no connected socket
	if err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	failed := raw.Write(func(fd uintptr) bool {
		err = syscall.Sendmsg(int(fd), []byte(state), rights, nil, 0)
		return !errors.Is(err, syscall.EAGAIN)
	})
	if err = errors.Join(failed, err); err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	return nil
}

// KeepSockets gives the listeners on TCP to the service manager (FDSTORE=1 of
// sd_notify(3)), which passes them on to the process after a restart: clients
// that connect in between wait and are not refused. socket is as for
// NotifySupervisor. It takes back those that are no longer configured.
func (s *Server) KeepSockets(socket string) error {
	if socket == "" {
		return nil
	}
	for _, name := range s.stale {
		if err := NotifySupervisor(socket, "FDSTOREREMOVE=1\nFDNAME="+name); err != nil {
			return err
		}
	}
	for _, l := range s.open {
		tcp, ok := l.socket.(*net.TCPListener)
		if !ok || l.keepAs == "" {
			continue
		}
		// Not by File: its Fd would make the listener's Accept block a thread.
		raw, err := tcp.SyscallConn()
		if err != nil {
			return err
		}
		failed := raw.Control(func(fd uintptr) {
			err = notifySupervisor(socket, "FDSTORE=1\nFDNAME="+l.keepAs, syscall.UnixRights(int(fd)))
		})
		if err = errors.Join(failed, err); err != nil {
			return err
		}
	}
	return nil
}

// WatchdogInterval returns how often the service manager wants to hear from the
// process pid: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) recommends. 0
// means never.
func WatchdogInterval(environ []string, pid int) (time.Duration, error) {
	var usec, owner string
	for _, e := range environ {
		switch name, value, _ := strings.Cut(e, "="); name {
		case "WATCHDOG_USEC":
			usec = value
		case "WATCHDOG_PID":
			owner = value
		}
	}
	if usec == "" || owner != "" && owner != strconv.Itoa(pid) {
		return 0, nil
	}
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("WATCHDOG_USEC=%s is not a number of microseconds", usec)
	}
	return time.Duration(n) * time.Microsecond / 2, nil
}

// Alive returns nil when the server answers a question that has to read the
// store, and an error when it doesn't before ctx is done.
func (s *Server) Alive(ctx context.Context) error {
	answer := make(chan error, 1)
	go func() {
		for _, err := range s.store.Directory.List(ctx) {
			answer <- err
			return
		}
		answer <- nil
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
