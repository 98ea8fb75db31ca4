package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"poststube/server"
)

func (a *app) version() *cobra.Command {
	return a.command(spec{
		use:   "version",
		short: text{"say which version this is", "sagen, welche Version das ist"},
		long: text{
			"Print the version, the commit that it was built from, and the version of Go.",
			"Schreibt die Version, den Commit, aus dem sie gebaut ist, und die Version von Go.",
		},
		example: "version\n",
		args:    cobra.NoArgs,
		run: func(*cobra.Command, []string) error {
			v := struct {
				Version string `json:"version"`
				Commit  string `json:"commit,omitempty"`
				Changed bool   `json:"changed,omitempty"`
				Go      string `json:"go"`
			}{Version: server.Version}
			if info, ok := debug.ReadBuildInfo(); ok {
				v.Go = info.GoVersion
				for _, s := range info.Settings {
					switch s.Key {
					case "vcs.revision":
						v.Commit = s.Value
					case "vcs.modified":
						v.Changed = s.Value == "true"
					}
				}
			}
			return a.output(v, func(w io.Writer) { fmt.Fprintln(w, "poststube", v.Version, v.Commit, v.Go) })
		},
	})
}
