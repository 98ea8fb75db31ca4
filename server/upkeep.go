package server

import (
	"context"
	"errors"
	"time"

	"poststube/mail"
)

// keepUp does what the store needs beside serving: it keeps the search index up
// to date, and people and groups those of LDAP, and purges once a day what was deleted long enough ago.
func (s *Server) keepUp(ctx context.Context) {
	engine := s.store.Engine
	s.running.Go(func() { s.memory.watch(ctx, s.imap.Shed) })
	s.running.Go(func() {
		if err := engine.Index(ctx); err != nil && !errors.Is(err, context.Canceled) && ctx.Err() == nil {
			s.log.Error("search index stopped; searches read messages instead", "err", err)
		}
	})
	s.running.Go(func() { s.syncSource(ctx) })
	s.running.Go(func() {
		day := time.NewTicker(24 * time.Hour)
		defer day.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-day.C:
			}
			now, keep := time.Now(), s.retention()
			done, err := engine.Purge(ctx, mail.PurgeOptions{
				Deleted: now.Add(-keep.Deleted.std()),
				Log:     now.Add(-keep.Log.std()),
			})
			if err != nil && ctx.Err() == nil {
				s.log.Error("purge failed", "err", err)
			}
			s.log.Info("purged", "messages", done.Messages, "mailboxes", done.Mailboxes, "octets", done.Bytes)
		}
	})
}
