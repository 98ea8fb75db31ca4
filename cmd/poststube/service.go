package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"poststube/admin"
	"poststube/server"
)

// withService calls do with the service of the data directory: that of the
// server that runs on it, or one of this process when none does. Only a command
// that may begin a new store sets create.
func (a *app) withService(ctx context.Context, create bool, do func(admin.Service) error) error {
	socket := server.ControlSocket(a.dir)
	dial := func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	c, err := dial(ctx)
	switch {
	case err == nil:
		c.Close()
		return do(&admin.Client{Dial: dial})
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf(a.t(text{
			"%s is not yours: run this as the user that runs the server, such as with sudo -u poststube",
			"%s gehört jemand anderem: als der Benutzer ausführen, unter dem der Server läuft, etwa mit sudo -u poststube",
		}), a.dir)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf(a.t(text{"%s is no directory: name the one with the mail with --data", "%s ist kein Verzeichnis: das mit der Mail mit --data nennen"}), a.dir)
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.EINVAL):
		return fmt.Errorf(a.t(text{"the server's control socket cannot be used: %w", "die Steuerdose des Servers ist nicht benutzbar: %w"}), err)
	}
	if _, err := os.Stat(filepath.Join(a.dir, "kv")); errors.Is(err, fs.ErrNotExist) && !create {
		return fmt.Errorf(a.t(text{
			"there is no mail in %s: start a server there, or name another directory with --data",
			"in %s liegt keine Mail: dort einen Server starten, oder mit --data ein anderes Verzeichnis nennen",
		}), a.dir)
	}
	config, err := server.Load("", a.environ)
	if err != nil {
		return err
	}
	store, err := server.OpenStore(ctx, a.dir, &config, a.logger(slog.LevelWarn))
	if err != nil {
		return err
	}
	err = do(store.Admin())
	return errors.Join(err, store.Close())
}
