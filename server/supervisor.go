package server

import (
	"fmt"
	"net"
	"strings"
)

// NotifySupervisor tells the service manager that started the process how it
// stands, as sd_notify(3) does: "READY=1", "STOPPING=1". socket is the value of
// NOTIFY_SOCKET; empty means that nobody wants to know.
func NotifySupervisor(socket, state string) error {
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
	if _, err := c.Write([]byte(state)); err != nil {
		return fmt.Errorf("telling the service manager: %w", err)
	}
	return nil
}
