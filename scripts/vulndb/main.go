// Command vulndb writes a Go vulnerability database, as govulncheck reads it
// (https://go.dev/doc/security/vuln/database), from the reports in the module
// golang.org/x/vulndb:
//
//	vulndb REPORTS OUT DATE
//
// and prints how many reports there are. DATE, as 20061231, is the day of the
// reports: those of the module have none in them.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A report is one vulnerability in the OSV format.
type report struct {
	ID       string `json:"id"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
	} `json:"affected"`
}

// A module is an entry of index/modules.json. Without a version in which it was
// mended govulncheck looks into the report itself.
type module struct {
	Path  string `json:"path"`
	Vulns []vuln `json:"vulns"`
}

type vuln struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("vulndb: ")
	if len(os.Args) != 4 {
		log.Fatal("usage: vulndb REPORTS OUT DATE")
	}
	day, err := time.Parse("20060102", os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	if err := write(os.Args[1], os.Args[2], day); err != nil {
		log.Fatal(err)
	}
}

func write(reports, out string, day time.Time) error {
	for _, dir := range []string{"ID", "index"} {
		if err := os.MkdirAll(filepath.Join(out, dir), 0o755); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(filepath.Join(reports, "GO-*.json"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there are no reports in %s", reports)
	}
	modules := map[string]*module{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var r report
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := os.WriteFile(filepath.Join(out, "ID", r.ID+".json"), text, 0o644); err != nil {
			return err
		}
		v := vuln{r.ID, day}
		for _, a := range r.Affected {
			m := modules[a.Package.Name]
			if m == nil {
				m = &module{Path: a.Package.Name}
				modules[a.Package.Name] = m
			}
			if !slices.Contains(m.Vulns, v) {
				m.Vulns = append(m.Vulns, v)
			}
		}
	}
	var list []*module
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		list = append(list, modules[path])
	}
	if err := index(out, "modules", list); err != nil {
		return err
	}
	if err := index(out, "db", map[string]time.Time{"modified": day}); err != nil {
		return err
	}
	fmt.Printf("%d reports on %d modules, of %s\n", len(files), len(list), day.Format(time.DateOnly))
	return nil
}

func index(out, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "index", name+".json"), text, 0o644)
}
