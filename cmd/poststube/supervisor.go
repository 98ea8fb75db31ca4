package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"poststube/server"
)

// A supervisor is the service manager that started the process, if one did.
type supervisor struct {
	socket string // NOTIFY_SOCKET
	log    *slog.Logger
}

// tell says how the server stands. That it could not be said is logged: the
// server does its work all the same.
func (s supervisor) tell(state string) {
	if err := server.NotifySupervisor(s.socket, state); err != nil {
		s.log.Error("service manager", "err", err)
	}
}

// keep lets the listening sockets survive a restart.
func (s supervisor) keep(srv *server.Server) {
	if err := srv.KeepSockets(s.socket); err != nil {
		s.log.Error("service manager does not keep the sockets", "err", err)
	}
}

// watch says until ctx is done that the server is alive, as often as the service
// manager wants to hear it, and only when a look into the store succeeds: else it
// ends the process and starts it anew.
func (s supervisor) watch(ctx context.Context, srv *server.Server, environ []string) error {
	interval, err := server.WatchdogInterval(environ, os.Getpid())
	if err != nil || interval == 0 {
		return err
	}
	go func() {
		ticks := time.NewTicker(interval)
		defer ticks.Stop()
		for {
			look, cancel := context.WithTimeout(ctx, interval)
			err := srv.Alive(look)
			cancel()
			switch {
			case ctx.Err() != nil:
				return // while it stops, TimeoutStopSec= holds
			case err != nil:
				s.log.Error("the store does not answer", "err", err)
			default:
				s.tell("WATCHDOG=1")
			}
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
		}
	}()
	return nil
}
