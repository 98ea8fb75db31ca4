package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"poststube/directory"
	"poststube/mail"
	"poststube/uidset"
)

// Upkeep is the part of Service that is about what piles up: deleted messages
// that are kept for a while, and the search index.
type Upkeep interface {
	// Purge removes for good what was deleted before, or counts what it would
	// remove.
	Purge(ctx context.Context, what Purge) (Purged, error)

	// IndexStates returns how far the search index of somebody is, or of all.
	IndexStates(ctx context.Context, owner string) ([]IndexState, error)
	// RebuildIndex makes the search index of somebody, or of all, anew.
	// progress, if not nil, hears how many owners are done.
	RebuildIndex(ctx context.Context, owner string, progress func(IndexProgress)) (IndexProgress, error)
	// DropIndex removes the search index of somebody. It stays away until
	// RebuildIndex, the next message, or the next start makes it anew.
	DropIndex(ctx context.Context, owner string) error
}

// A Purge says what goes for good. Without anything it is what has passed its
// retention, of everybody.
type Purge struct {
	Owner   string `json:"owner,omitempty"`   // only of this person or group
	Mailbox string `json:"mailbox,omitempty"` // only of this mailbox of Owner
	UIDs    string `json:"uids,omitempty"`    // only these, as a set "1:3,7", whenever they were deleted
	// OlderThan replaces the retention; nil: the server's.
	OlderThan *time.Duration `json:"older_than,omitempty"`
	Preview   bool           `json:"preview,omitempty"` // only count
}

// Purged tells what a purge removed, or would remove.
type Purged struct {
	Messages  int   `json:"messages"`
	Mailboxes int   `json:"mailboxes"` // deleted ones
	Octets    int64 `json:"octets"`    // of messages that are nowhere else
	Preview   bool  `json:"preview,omitempty"`
}

// An IndexState tells how far the search index of an owner is.
type IndexState struct {
	Owner    string `json:"owner"`
	Emails   int    `json:"emails"`  // in the index
	Waiting  uint64 `json:"waiting"` // at most so many are not in it yet
	Segments int    `json:"segments"`
	Octets   uint64 `json:"octets"` // before the store compresses them
	Damaged  bool   `json:"damaged,omitempty"`
}

// An IndexProgress tells of how many owners the index is made.
type IndexProgress struct {
	Done int `json:"done"`
	Of   int `json:"of"`
}

// Purge implements Service.
func (l *Local) Purge(ctx context.Context, what Purge) (Purged, error) {
	o, err := l.purgeOptions(ctx, what)
	if err != nil {
		return Purged{}, err
	}
	done, err := l.Engine.Purge(ctx, o)
	return Purged{done.Messages, done.Mailboxes, done.Bytes, what.Preview}, fault(err)
}

func (l *Local) purgeOptions(ctx context.Context, what Purge) (o mail.PurgeOptions, err error) {
	o.Preview = what.Preview
	if err := l.purgePlace(ctx, what, &o); err != nil {
		return o, err
	}
	now := time.Now()
	if l.Retention != nil {
		deleted, log := l.Retention()
		o.Deleted, o.Log = now.Add(-deleted), now.Add(-log)
	}
	switch {
	case what.OlderThan != nil:
		o.Deleted = now.Add(-*what.OlderThan)
	case l.Retention == nil && what.UIDs == "":
		return o, &mail.Error{Kind: mail.Invalid, Text: "no server runs here that knows how long to keep what was deleted: give --older-than, such as 720h"}
	}
	return o, nil
}

// purgePlace finds whose mail is purged, and which.
func (l *Local) purgePlace(ctx context.Context, what Purge, o *mail.PurgeOptions) error {
	if what.Owner == "" {
		return nil
	}
	u, err := l.owner(ctx, what.Owner)
	if err != nil {
		return err
	}
	o.Owner = u.Principal().ID
	if what.Mailbox == "" {
		return nil
	}
	b, err := u.Open(ctx, what.Mailbox)
	if err != nil {
		return l.suggest(ctx, err, what.Owner, what.Mailbox)
	}
	o.Mailbox = b.ID().Num
	if what.UIDs == "" {
		return nil
	}
	o.UIDs, err = parseUIDs(what.UIDs)
	return err
}

// parseUIDs reads a set of UIDs as people write it.
func parseUIDs(text string) (uidset.Set, error) {
	uids, err := uidset.Parse(text)
	if err != nil || uids.Empty() {
		return uids, &mail.Error{Kind: mail.Invalid, Text: fmt.Sprintf("%q is no set of UIDs: write them like 7 or 1:3,9", text)}
	}
	return uids, nil
}

// indexed returns the owners that a question about the index is about.
func (l *Local) indexed(ctx context.Context, owner string) ([]directory.Principal, error) {
	if owner != "" {
		p, err := l.find(ctx, owner)
		return []directory.Principal{p}, err
	}
	var list []directory.Principal
	for p, err := range l.Directory.List(ctx) {
		if err != nil {
			return nil, fault(err)
		}
		list = append(list, p)
	}
	return list, nil
}

// IndexStates implements Service.
func (l *Local) IndexStates(ctx context.Context, owner string) ([]IndexState, error) {
	owners, err := l.indexed(ctx, owner)
	if err != nil {
		return nil, err
	}
	list := make([]IndexState, len(owners))
	for i, p := range owners {
		s, err := l.Engine.IndexState(ctx, p)
		if err != nil {
			return nil, fault(err)
		}
		list[i] = IndexState{p.Name, s.Emails, s.Waiting, s.Segments, s.Bytes, s.Damaged}
	}
	return list, nil
}

// RebuildIndex implements Service.
func (l *Local) RebuildIndex(ctx context.Context, owner string, progress func(IndexProgress)) (IndexProgress, error) {
	owners, err := l.indexed(ctx, owner)
	now := IndexProgress{Of: len(owners)}
	if err != nil {
		return now, err
	}
	for _, p := range owners {
		if err := l.Engine.Reindex(ctx, p); err != nil {
			return now, fault(fmt.Errorf("%s: %w", p.Name, err))
		}
		if now.Done++; progress != nil {
			progress(now)
		}
	}
	return now, nil
}

// DropIndex implements Service.
func (l *Local) DropIndex(ctx context.Context, owner string) error {
	p, err := l.find(ctx, owner)
	if err != nil {
		return err
	}
	return fault(l.Engine.DropIndex(ctx, p))
}

// Purge implements Service.
func (c *Client) Purge(ctx context.Context, what Purge) (Purged, error) {
	return exchange[Purged, any](ctx, c, callPurge, what, nil)
}

// IndexStates implements Service.
func (c *Client) IndexStates(ctx context.Context, owner string) ([]IndexState, error) {
	return exchange[[]IndexState, any](ctx, c, callIndexStates, owner, nil)
}

// RebuildIndex implements Service.
func (c *Client) RebuildIndex(ctx context.Context, owner string, progress func(IndexProgress)) (IndexProgress, error) {
	return exchange[IndexProgress](ctx, c, callRebuildIndex, owner, deaf(progress))
}

func serveRebuildIndex(ctx context.Context, s Service, f *frames, arg json.RawMessage) (any, error) {
	owner, err := decode[string](arg)
	if err != nil {
		return nil, err
	}
	return s.RebuildIndex(ctx, owner, func(p IndexProgress) { report(f, p) })
}

// DropIndex implements Service.
func (c *Client) DropIndex(ctx context.Context, owner string) error {
	return c.tell(ctx, callDropIndex, owner)
}
