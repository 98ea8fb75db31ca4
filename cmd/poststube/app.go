package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/spf13/cobra"

	"poststube/mail"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitStore  = 70 // EX_SOFTWARE of sysexits.h: the server's store has failed
	exitConfig = 78 // EX_CONFIG: the server will not start before somebody changes something
)

// An app is one run of the program: where it reads and writes, and what the
// flags of all commands say.
type app struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	environ []string

	dir    string // --data
	format string // --format
	german bool
}

// run carries out a command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.german = speaksGerman(a.getenv)
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		if a.format == "json" {
			a.printJSON(a.stderr, map[string]string{"error": a.translate(err.Error()), "kind": "usage"})
			return exitUsage
		}
		fmt.Fprintf(a.stderr, "poststube: %s\n", a.translate(err.Error()))
		if usage.command != "" {
			fmt.Fprintf(a.stderr, a.t(text{"%s --help shows how it goes\n", "%s --help zeigt, wie es geht\n"}), usage.command)
		}
		return exitUsage
	}
	a.printError(err)
	var failed *storeError
	if errors.As(err, &failed) {
		return exitStore
	}
	var refused *refusedError
	if errors.As(err, &refused) {
		return exitConfig
	}
	return exitFailed
}

// printError reports a failure: a sentence, or an object with -f json.
func (a *app) printError(err error) {
	sentence := a.errorText(err)
	if a.format == "json" {
		a.printJSON(a.stderr, map[string]string{"error": sentence, "kind": mail.KindOf(err).String()})
		return
	}
	fmt.Fprintf(a.stderr, "poststube: %s\n", sentence)
}

// errorText returns the sentence of an error; causes go to the log only.
func (a *app) errorText(err error) string {
	var known *mail.Error
	switch {
	case errors.As(err, &known):
		return a.translate(known.Text)
	case errors.Is(err, context.Canceled):
		return a.t(text{"interrupted", "unterbrochen"})
	}
	return a.translate(err.Error())
}

// A usageError is a command line that means nothing.
type usageError struct {
	command string // whose help shows what is right
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// A storeError ends a server whose store can no longer write.
type storeError struct{ err error }

func (e *storeError) Error() string {
	return "the store has failed: " + e.err.Error() + "; a new start shows what is on the disk"
}

func (e *storeError) Unwrap() error { return e.err }

// A refusedError ends a server that a new start would not help, see
// server.Refusal. Other commands that fail for the same reason have just failed.
type refusedError struct{ err error }

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// misuse returns a usageError.
func misuse(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{cmd.CommandPath(), fmt.Errorf(format, args...)}
}

// getenv returns a variable of the environment.
func (a *app) getenv(name string) string {
	value := ""
	for _, e := range a.environ {
		if rest, ok := strings.CutPrefix(e, name+"="); ok {
			value = rest // the last one counts
		}
	}
	return value
}

// output writes the result of a command: v with -f json, else what show writes.
func (a *app) output(v any, show func(w io.Writer)) error {
	if a.format == "json" {
		return a.printJSON(a.stdout, v)
	}
	show(a.stdout)
	return nil
}

// done is output of a command that has only one sentence to say.
func (a *app) done(v any, sentence text, args ...any) error {
	return a.output(v, func(w io.Writer) { fmt.Fprintf(w, a.t(sentence)+"\n", args...) })
}

func (a *app) printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// terminal tells whether w is one, and its file.
func terminal(w any) (*os.File, bool) {
	f, ok := w.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// logger returns the log of a command: quiet but for what an admin should know.
func (a *app) logger(level slog.Leveler) *slog.Logger { return a.loggerIn("text", level) }

// loggerIn returns a log as log.format of the configuration wants it.
func (a *app) loggerIn(format string, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, options))
	}
	return slog.New(slog.NewTextHandler(a.stderr, options))
}
