// Package server makes a node of the parts below it: it reads the
// configuration, opens the store, listens, wires protocols to the engine, and
// stops in order.
//
// Start reading at Start; config.go has what can be set, store.go what lies in
// the data directory.
package server

import (
	"fmt"
	"reflect"
	"strings"
)

// ConfigPage returns the documentation of all keys in Markdown; docs/config.md
// holds it.
func ConfigPage() string {
	c := Default()
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Made from the struct tags in server/config.go; go test ./server -update writes it. -->

` + "`poststube serve --config FILE`" + ` reads one TOML file. Nothing in it is needed. A key that is not
known is an error. Users, groups, mailboxes and rights are not here: they live in the store.

Each key can be given as an environment variable instead, which then goes over the file; lists
are separated by commas.
`)
	section := false
	for _, k := range keys(&c) {
		if k.table {
			fmt.Fprintf(&b, "\n## [%s]\n\n%s\n", k.name, k.doc)
			section = false
			continue
		}
		if !section {
			b.WriteString("\n| key | environment | default | |\n|---|---|---|---|\n")
			section = true
		}
		name := k.name[strings.LastIndexByte(k.name, '.')+1:]
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", name, k.variable(), k.literal(), k.doc)
	}
	return b.String()
}

// literal is the value as one writes it in TOML.
func (k key) literal() string {
	if k.value.Kind() == reflect.Slice {
		words := make([]string, k.value.Len())
		for i := range words {
			words[i] = fmt.Sprintf("%q", k.value.Index(i).String())
		}
		return "`[" + strings.Join(words, ", ") + "]`"
	}
	if k.value.Type() == reflect.TypeFor[int]() {
		return fmt.Sprintf("`%d`", k.value.Int())
	}
	if k.value.Kind() == reflect.Bool {
		return fmt.Sprintf("`%t`", k.value.Bool())
	}
	text := fmt.Sprint(k.value.Interface())
	if text == "" {
		return ""
	}
	return fmt.Sprintf("`%q`", text)
}
