package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"poststube/admin"
	"poststube/server"
)

// A repaired is what `verify --repair` has to tell.
type repaired struct {
	Repaired   []admin.Problem `json:"repaired"`
	Quarantine string          `json:"quarantine,omitempty"`
	Problems   []admin.Problem `json:"problems"` // that are left
	Checked    admin.Checked   `json:"checked"`
}

// repair mends the store in this process, which must have it alone, and lets it
// check itself again.
func (a *app) repair(ctx context.Context, options admin.CheckOptions) (err error) {
	if c, err := new(net.Dialer).DialContext(ctx, "unix", server.ControlSocket(a.dir)); err == nil {
		c.Close()
		return errors.New(a.t(text{"a server runs here: stop it first, a repair needs the store for itself", "hier läuft ein Server: zuerst anhalten, eine Reparatur braucht den Speicher für sich"}))
	}
	if _, err := os.Stat(filepath.Join(a.dir, "kv")); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf(a.t(text{"there is no mail in %s", "in %s liegt keine Mail"}), a.dir)
	}
	config, err := server.Load("", a.environ)
	if err != nil {
		return err
	}
	config.Sharing.Announce = false
	store, err := server.OpenStore(ctx, a.dir, &config, a.logger(slog.LevelError+1))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	out := repaired{Repaired: []admin.Problem{}, Problems: []admin.Problem{}}
	out.Quarantine, err = store.Repair(ctx, func(p admin.Problem) { out.Repaired = append(out.Repaired, p) })
	if err != nil {
		return err
	}
	out.Checked, err = store.Admin().Check(ctx, options, func(p admin.Problem) error {
		out.Problems = append(out.Problems, p)
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.output(out, func(w io.Writer) { a.showRepaired(w, out) }); err != nil {
		return err
	}
	if len(out.Problems) > 0 {
		return errors.New(a.t(text{"the store is damaged", "der Speicher ist beschädigt"}))
	}
	return nil
}

func (a *app) showRepaired(w io.Writer, r repaired) {
	for _, p := range r.Repaired {
		fmt.Fprintf(w, a.t(text{"mended: %s\t%d\t%d\t%s\n", "behoben: %s\t%d\t%d\t%s\n"}), p.Owner, p.Mailbox, p.UID, p.Text)
	}
	if r.Quarantine != "" {
		fmt.Fprintf(w, a.t(text{"what was taken out, and a report, is in %s\n", "was herausgenommen wurde, und ein Bericht, liegt in %s\n"}), r.Quarantine)
	}
	a.showProblems(w, r.Problems, r.Checked)
}
