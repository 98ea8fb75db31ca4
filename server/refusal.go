package server

import (
	"errors"
	"io/fs"
	"syscall"
)

// A Refusal is why a server does not start, and will not until somebody changes
// something: the configuration, whom files belong to, or the program. What may
// be over at the next attempt, such as a port in use or a full disk, is none.
type Refusal struct{ Err error }

func (r *Refusal) Error() string { return r.Err.Error() }

// Unwrap returns the reason.
func (r *Refusal) Unwrap() error { return r.Err }

// refuse makes an error a Refusal; nil stays nil.
func refuse(err error) error {
	if err == nil {
		return nil
	}
	return &Refusal{err}
}

// refuseAccess makes a Refusal of errors that come from names and permissions of
// files, and leaves others, such as a full disk, as they are.
func refuseAccess(err error) error {
	for _, lasting := range [...]error{fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.EROFS} {
		if errors.Is(err, lasting) {
			return refuse(err)
		}
	}
	return err
}
