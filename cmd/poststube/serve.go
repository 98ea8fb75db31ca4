package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"poststube/server"
)

func (a *app) serve() *cobra.Command {
	var configFile string
	var listen []string
	var demo bool
	c := a.command(spec{
		use:   "serve",
		short: text{"run the server", "den Server betreiben"},
		long: text{
			`Run the server until it gets SIGTERM or SIGINT. No configuration is needed: it listens on the usual
ports, keeps everything in the data directory and makes itself a certificate. For each listener one line
is printed, then "ready". SIGHUP reads the certificate and the configuration again. Clients may finish what they are at when the server stops.
The exit code is 78 if a new start cannot help before somebody changes something, such as the configuration; 70 if the store failed.`,
			`Betreibt den Server, bis SIGTERM oder SIGINT kommt. Eine Konfiguration ist nicht nötig: er lauscht auf den
üblichen Ports, bewahrt alles im Datenverzeichnis auf und macht sich ein Zertifikat. Für jede Adresse, auf
der er lauscht, schreibt er eine Zeile, dann "ready". Bei SIGHUP liest er Zertifikat und Konfiguration neu. Hält er an, dürfen Clients Angefangenes beenden.
Der Rückgabewert ist 78, wenn ein neuer Start nicht hilft, ehe jemand etwas ändert, etwa die Konfiguration; 70, wenn der Speicher ausfiel.`,
		},
		example: `serve --demo
serve --data /var/lib/poststube --config /etc/poststube.toml
serve --listen imap=127.0.0.1:1143 --listen lmtp=unix:/run/poststube/lmtp.sock
`,
		args: cobra.NoArgs,
		run: func(cmd *cobra.Command, _ []string) error {
			load := func() (server.Config, error) {
				config, err := server.Load(configFile, a.environ)
				if err != nil {
					return config, err
				}
				if demo {
					if !cmd.Flags().Changed("data") {
						a.dir = "./poststube-demo"
					}
					config.Listen, config.Storage.MinFree, config.HostName = demoListen(), 0, "localhost"
					config.Sharing.Announce = false // the sample mail stays by itself
				}
				if len(listen) > 0 {
					addrs := make([]server.Address, len(listen))
					for i, text := range listen {
						if addrs[i], err = server.ParseAddress(text); err != nil {
							return config, &usageError{cmd.CommandPath(), err}
						}
					}
					config.Listen.Set(addrs)
				}
				return config, nil
			}
			err := a.runServer(cmd.Context(), load, demo)
			var refusal *server.Refusal
			if errors.As(err, &refusal) {
				return &refusedError{err}
			}
			return err
		},
	})
	f := c.Flags()
	f.StringVar(&configFile, "config", "", a.t(text{"TOML `file`, see docs/config.md", "TOML-`Datei`, siehe docs/config.md"}))
	f.StringArrayVar(&listen, "listen", nil, a.t(text{
		"`protocol=address` to listen on, and nowhere else; host:port or unix:PATH; may be repeated",
		"`Protokoll=Adresse`, auf der gelauscht wird, und sonst nirgends; host:port oder unix:PFAD; mehrfach möglich",
	}))
	f.BoolVar(&demo, "demo", false, a.t(text{
		"people, a group and sample mail to play with, on loopback ports, in ./poststube-demo",
		"Personen, eine Gruppe und Beispielmail zum Spielen, auf Ports dieses Rechners, in ./poststube-demo",
	}))
	return c
}

// runServer runs until ctx is done or the server fails.
func (a *app) runServer(ctx context.Context, load func() (server.Config, error), demo bool) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	config, err := load()
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(a.dir)
	if err != nil {
		return err
	}
	var level slog.LevelVar
	level.Set(config.Log.Level)
	log := a.loggerIn(config.Log.Format, &level)
	inherited, err := server.InheritSockets(a.environ, os.Getpid())
	if err != nil {
		return err
	}
	srv, err := server.Start(ctx, dir, config, log, inherited...)
	if err != nil {
		return err
	}
	if demo {
		if err := fillDemo(ctx, srv.Store()); err != nil {
			return errors.Join(err, srv.Stop())
		}
	}
	for _, addr := range srv.Addresses() {
		fmt.Fprintf(a.stdout, "listening %s\n", addr)
	}
	if demo {
		a.printDemo(srv.Addresses())
	}
	fmt.Fprintln(a.stdout, "ready")
	manager := supervisor{a.getenv("NOTIFY_SOCKET"), log}
	manager.keep(srv)
	manager.tell("READY=1")
	if err := manager.watch(ctx, srv, a.environ); err != nil {
		return errors.Join(err, srv.Stop())
	}
	log.Info("ready", "version", server.Version, "pid", os.Getpid(), "data", dir)
	for {
		select {
		case <-ctx.Done():
			log.Info("stopping")
			manager.tell("STOPPING=1")
			err = srv.Stop()
			log.Info("stopped")
			return err
		case <-hangup:
			manager.tell(server.Reloading())
			reload(srv, load, &level, log)
			manager.tell("READY=1")
			continue
		case err := <-srv.Failed():
			// The store can no longer write: nothing that clients do now could be
			// kept, and every answer would be a guess. The process ends at once,
			// without goodbyes. A supervisor starts it anew, on what is on disk.
			log.Error("the store has failed, ending", "err", err, "exit", exitStore)
			return &storeError{err}
		}
	}
}

// reload takes over what can change while the server runs. What is wrong with the
// new configuration is logged, and the old one goes on.
func reload(srv *server.Server, load func() (server.Config, error), level *slog.LevelVar, log *slog.Logger) {
	config, err := load()
	if err != nil {
		log.Error("configuration not reloaded", "err", err)
		return
	}
	level.Set(config.Log.Level)
	restart, err := srv.Reload(config)
	if err != nil {
		log.Error("certificate not reloaded", "err", err)
	}
	if len(restart) > 0 {
		log.Warn("these changes need a restart", "keys", restart)
	}
	log.Info("reloaded")
}
