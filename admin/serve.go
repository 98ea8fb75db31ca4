package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
)

// Serve answers questions that come through l from s until ctx is done or l is
// closed; then it closes l, ends what is under way, and returns. Whoever can connect may do
// everything, so l must be open to the administrator only.
func Serve(ctx context.Context, l net.Listener, s Service, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	table := calls()
	var running sync.WaitGroup
	defer running.Wait()
	for {
		c, err := l.Accept()
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		running.Go(func() { serveConn(ctx, c, s, table, log) })
	}
}

func serveConn(ctx context.Context, c net.Conn, s Service, table map[string]call, log *slog.Logger) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	defer c.Close()
	err := converse(ctx, s, table, newFrames(&watched{Conn: c, cancel: cancel}))
	if err != nil && ctx.Err() == nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		log.Warn("control socket", "err", err)
	}
}

// watched ends the call when its client cannot be written to any more: nobody
// waits for the rest.
type watched struct {
	net.Conn
	cancel context.CancelFunc
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	if err != nil {
		w.cancel()
	}
	return n, err
}
