package directory

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"poststube/kv"
)

// An attempt is one login between the time its name is known and its end.
type attempt struct {
	d      *Directory
	from   Origin
	name   string    // as the client gave it
	person Principal // zero if there is none
	creds  credentials
	key    string // of a person from the source
	pair   pair
	began  time.Time // when the server turned to it
}

// findAccount looks up a login name. That it finds nobody is no error.
func (d *Directory) findAccount(ctx context.Context, name string, from Origin) (*attempt, error) {
	a := &attempt{d: d, from: from, name: name}
	p, err := d.ByName(ctx, name)
	switch {
	case err == nil && p.Kind == Person:
		var x *external
		err = d.db.View(ctx, func(r kv.Reader) (err error) {
			if x, err = loadExternal(r, p.ID); x == nil && err == nil {
				a.creds, err = loadCredentials(r, p.ID)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		switch {
		case x == nil:
			a.person = p
		case d.source != nil && d.source.Name() == x.source && !x.gone:
			a.person, a.key = p, x.key
		} // else there is nobody who could log in
	case err != nil && !unknown(err):
		return nil, err
	}
	a.pair = d.throttle.pairOf(a.person.ID, d.fakeName(name), from.Remote)
	return a, nil
}

// unknown tells whether err says that a name leads to nobody.
func unknown(err error) bool { return errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) }

// begin waits for the penalties of earlier failures.
func (a *attempt) begin(ctx context.Context) error {
	wait, ok := a.d.throttle.begin(a.pair)
	if !ok {
		a.log("too many attempts")
	}
	if err := sleep(ctx, wait); err != nil {
		return err
	}
	if !ok {
		return ErrAuth
	}
	a.began = a.d.throttle.now()
	return nil
}

// fail logs the failure, and penalizes it.
func (a *attempt) fail(ctx context.Context, reason string) error {
	if a.person.ID == 0 {
		reason = "name"
	}
	a.log(reason)
	return a.penalize(ctx)
}

// penalize waits for the penalty of a failure and returns ErrAuth. The penalty
// counts from begin, so the time of the answer does not show how long the check
// took and with it whether there is such an account.
func (a *attempt) penalize(ctx context.Context) error {
	answer := a.d.throttle.fail(a.pair, a.began)
	if err := sleep(ctx, answer.Sub(a.d.throttle.now())); err != nil {
		return err
	}
	return ErrAuth
}

func (a *attempt) succeed() {
	a.d.throttle.succeed(a.pair)
	a.d.onLogin(a.from.Proto, true)
}

// log writes the line that fail2ban looks for. It holds nothing secret; the
// reason is for the administrator only.
func (a *attempt) log(reason string) { a.d.logFailure(a.name, a.from, reason) }

func (d *Directory) logFailure(name string, from Origin, reason string) {
	d.onLogin(from.Proto, false)
	remote := ""
	if from.Remote.IsValid() {
		remote = from.Remote.Unmap().WithZone("").String()
	}
	d.log.LogAttrs(context.Background(), slog.LevelWarn, "auth failed",
		slog.String("user", clip(name)),
		slog.String("remote", remote),
		slog.String("proto", from.Proto),
		slog.String("mech", from.Mech),
		slog.String("reason", reason))
}

// clip bounds what a client can put into the log.
func clip(s string) string {
	const limit = 128
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
