package admin

import (
	"context"
	"encoding/json"

	"poststube/mail"
)

// Backups is the part of Service that saves the store.
type Backups interface {
	// Backup makes a backup below a directory of the server's machine, while
	// everything goes on. progress, if not nil, hears how far it is.
	Backup(ctx context.Context, to BackupTo, progress func(Backup)) (Backup, error)
}

// A BackupTo says where a backup goes.
type BackupTo struct {
	Dir  string `json:"dir"`  // absolute
	Keep int    `json:"keep"` // older ones are removed; 0 keeps all
}

// A Backup is one that was made, or is being made.
type Backup struct {
	Dir    string `json:"dir"`
	Files  int    `json:"files"`
	Octets int64  `json:"octets"`
	Copied int64  `json:"copied"` // octets that were not there from the one before
	// Total is how many octets there will be, roughly, while it is being made.
	Total int64 `json:"total,omitempty"`
}

// Backup implements Service.
func (l *Local) Backup(ctx context.Context, to BackupTo, progress func(Backup)) (Backup, error) {
	if l.Save == nil {
		return Backup{}, &mail.Error{Kind: mail.Unavailable, Text: "this store cannot be backed up"}
	}
	return l.Save(ctx, to, progress)
}

// Backup implements Service.
func (c *Client) Backup(ctx context.Context, to BackupTo, progress func(Backup)) (Backup, error) {
	return exchange[Backup](ctx, c, callBackup, to, deaf(progress))
}

func serveBackup(ctx context.Context, s Service, f *frames, arg json.RawMessage) (any, error) {
	to, err := decode[BackupTo](arg)
	if err != nil {
		return nil, err
	}
	return s.Backup(ctx, to, func(b Backup) { report(f, b) })
}
