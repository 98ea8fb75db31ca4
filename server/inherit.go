package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// An Inherited is a listening socket that the service manager opened, or kept
// over a restart, and passed on.
type Inherited struct {
	// Name is the socket unit's FileDescriptorName=, or the unit's own name.
	Name string
	net.Listener
}

// firstInherited is the number of the first file that is passed on, after the
// three standard ones (SD_LISTEN_FDS_START of sd_listen_fds(3)).
const firstInherited = 3

// InheritSockets returns the sockets that LISTEN_PID, LISTEN_FDS and
// LISTEN_FDNAMES in environ ("NAME=value") pass on to the process pid, which
// must be the one that calls: none if they name another. It may be called once,
// since it takes the files over. An error says which socket is of no use; it is a Refusal.
func InheritSockets(environ []string, pid int) ([]Inherited, error) {
	n, names, err := passedOn(environ, pid)
	if err != nil {
		return nil, refuse(err)
	}
	var list []Inherited
	var errs []error
	for i := range n {
		s := Inherited{Name: names[i]}
		if s.Listener, err = listenerOf(firstInherited + i); err != nil {
			errs = append(errs, fmt.Errorf("socket %d of the service manager, named %q: %w", i+1, s.Name, err))
			continue
		}
		list = append(list, s)
	}
	if len(errs) > 0 {
		closeInherited(list)
		return nil, refuse(errors.Join(errs...))
	}
	return list, nil
}

// passedOn reads the variables: how many files there are, and a name for each.
func passedOn(environ []string, pid int) (n int, names []string, err error) {
	vars := map[string]string{}
	for _, e := range environ {
		if name, value, _ := strings.Cut(e, "="); strings.HasPrefix(name, "LISTEN_") {
			vars[name] = value
		}
	}
	if vars["LISTEN_PID"] != strconv.Itoa(pid) {
		return 0, nil, nil // for a process that started this one
	}
	n, err = strconv.Atoi(vars["LISTEN_FDS"])
	if err != nil || n < 0 {
		return 0, nil, fmt.Errorf("LISTEN_FDS=%s is not a number of sockets", vars["LISTEN_FDS"])
	}
	if text, ok := vars["LISTEN_FDNAMES"]; ok && n > 0 {
		names = strings.Split(text, ":")
		if len(names) != n {
			return 0, nil, fmt.Errorf("LISTEN_FDNAMES has %d names for %d sockets", len(names), n)
		}
		return n, names, nil
	}
	return n, make([]string, n), nil
}

// listenerOf makes a listener of a file, which it takes over.
func listenerOf(fd int) (net.Listener, error) {
	syscall.CloseOnExec(fd)
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close() // a listener has its own copy
	listening, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	if err != nil {
		return nil, fmt.Errorf("it is not a socket (%w)", err)
	}
	if listening == 0 {
		return nil, errors.New("it does not listen: the socket unit needs ListenStream= and Accept=no")
	}
	return net.FileListener(f)
}

func closeInherited(list []Inherited) {
	for _, s := range list {
		s.Close()
	}
}
