package admin

import (
	"context"

	"poststube/directory"
)

// Sources is the part of Service that is about people and groups from elsewhere.
type Sources interface {
	// SyncSource reads anew who there is in the source, and ends the sessions
	// of people whom it no longer knows.
	SyncSource(ctx context.Context) (directory.Synced, error)
	// External returns everybody who came from a source.
	External(ctx context.Context) ([]External, error)
}

// An External is a person or a group that came from a source.
type External struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"` // "person" or "group"
	Source string `json:"source"`
	// Gone: the source does not know it any more. Such people cannot log in;
	// their mail stays.
	Gone bool `json:"gone,omitempty"`
}

// SyncSource implements Service.
func (l *Local) SyncSource(ctx context.Context) (directory.Synced, error) {
	done, err := l.Directory.Sync(ctx)
	if err != nil {
		return directory.Synced{}, fault(err)
	}
	return *done, l.endGone(ctx)
}

// endGone ends the sessions of people who could no longer log in. It looks at all
// of them, since one may have begun while Sync was at work.
func (l *Local) endGone(ctx context.Context) error {
	if l.Online == nil {
		return nil
	}
	gone := make(map[string]bool)
	for x, err := range l.Directory.Externals(ctx) {
		if err != nil {
			return fault(err)
		}
		if x.Gone {
			gone[x.Name] = true
		}
	}
	var list []Session
	for _, s := range l.Online.Sessions() {
		if gone[s.User] {
			list = append(list, s)
		}
	}
	l.Online.End(list)
	return nil
}

// External implements Service.
func (l *Local) External(ctx context.Context) ([]External, error) {
	list := []External{}
	for x, err := range l.Directory.Externals(ctx) {
		if err != nil {
			return nil, fault(err)
		}
		list = append(list, External{Name: x.Name, Kind: x.Kind.String(), Source: x.Source, Gone: x.Gone})
	}
	return list, nil
}

// SyncSource implements Service.
func (c *Client) SyncSource(ctx context.Context) (directory.Synced, error) {
	return exchange[directory.Synced, any](ctx, c, callSyncSource, nil, nil)
}

// External implements Service.
func (c *Client) External(ctx context.Context) ([]External, error) {
	return exchange[[]External, any](ctx, c, callExternal, nil, nil)
}
