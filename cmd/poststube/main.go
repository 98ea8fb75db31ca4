// Command poststube is a mail server and the tools to run it. Start reading at
// commands.go, which lists the commands; each has a file of its own.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// The first signal asks for an orderly end, the second gets the end that
	// the system gives.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	a := &app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(),
	}
	os.Exit(a.run(ctx, os.Args[1:]))
}
