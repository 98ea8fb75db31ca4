package server

import (
	"context"
	"errors"
	"log/slog"

	"poststube/kv"
	"poststube/kv/sealed"
	"poststube/mail"
)

// sealingKey is where an upgrade from format 1 keeps how far it has come.
var sealingKey = []byte("gsealing")

// openFormat looks at the format of a store before anything else does, brings an
// older one up to date, refuses a newer one with a *mail.FormatError in a Refusal, and returns
// the store as the rest of the program sees it.
func openFormat(ctx context.Context, db kv.DB, log *slog.Logger) (kv.DB, error) {
	format, err := mail.FormatOf(ctx, db)
	if err != nil {
		return nil, err
	}
	if format > mail.StoreFormat {
		return nil, refuse(&mail.FormatError{Found: format})
	}
	cutOff := false
	err = db.View(ctx, func(r kv.Reader) error {
		_, err := r.Get(sealingKey)
		cutOff = err == nil
		if errors.Is(err, kv.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if format == 1 || cutOff {
		log.Info("upgrading the store", "format", mail.StoreFormat)
		err := sealed.Seal(ctx, db, sealingKey, mail.FormatKey(), mail.FormatValue(), func(values int) {
			log.Info("upgrading the store", "values", values)
		})
		if err != nil {
			return nil, err
		}
	}
	return sealed.New(db), nil
}
