package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pushes measures how long it takes from sending a message with APPEND until
// another session that is in IDLE (RFC 2177) hears of it.
func pushes(ctx context.Context, s *session, m *meter) error {
	watcher, err := login(ctx, s.server)
	if err != nil {
		return err
	}
	defer watcher.close()
	if _, _, err := watcher.selectMailbox(s.watched()); err != nil {
		return err
	}
	if _, err := watcher.send("IDLE", ""); err != nil {
		return err
	}
	if err := watcher.wait(); err != nil {
		return fmt.Errorf("IDLE: %w", err)
	}
	heard := make(chan time.Time, 100)
	go watcher.hear(heard)
	for i := 0; m.again(i, 50); i++ {
		message := s.mail.message(i)
		start := time.Now()
		if err := s.c.append(s.watched(), i, message); err != nil {
			return err
		}
		select {
		case at, ok := <-heard:
			if !ok && ctx.Err() == nil {
				return errors.New("the server ended the session that was in IDLE")
			}
			if ok {
				m.add(1, at.Sub(start))
			}
		case <-ctx.Done():
		}
		if ctx.Err() != nil { // it closes the session, too
			return errors.New("the session that is in IDLE heard of no message in time")
		}
	}
	return nil
}

// hear tells when the server announced messages, until the connection ends.
func (c *conn) hear(heard chan<- time.Time) {
	defer close(heard)
	for {
		line, err := c.read()
		if err != nil {
			return
		}
		if _, ok := numbered(line, "EXISTS"); ok {
			select {
			case heard <- time.Now():
			default: // nobody waits for so many
			}
		}
	}
}
