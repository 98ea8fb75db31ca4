package server

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// ConfigExample returns a configuration file with every key, commented out, and
// what it does.
func ConfigExample() string {
	c := Default()
	var b strings.Builder
	b.WriteString("# Configuration of poststube. Nothing in it is needed: what is commented out is the default.\n")
	for _, k := range keys(&c) {
		b.WriteByte('\n')
		for line := range strings.Lines(wrapped(k.doc)) {
			b.WriteString("# " + line)
		}
		if k.table {
			fmt.Fprintf(&b, "\n[%s]\n", k.name)
			continue
		}
		literal := strings.Trim(k.literal(), "`")
		if literal == "" {
			literal = `""`
		}
		fmt.Fprintf(&b, "\n#%s = %s\n", k.name[strings.LastIndexByte(k.name, '.')+1:], literal)
	}
	return b.String()
}

// wrapped breaks a text into lines of at most 90 octets, where it has spaces.
func wrapped(text string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		if column+len(word) > 90 {
			b.WriteByte('\n')
			column = 0
		} else if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
		column += len(word) + 1
	}
	return b.String()
}

// CheckFiles returns what is wrong with the files that the configuration names.
func (c *Config) CheckFiles() error {
	if c.TLS.Certificate == "" {
		return nil
	}
	if _, err := tls.LoadX509KeyPair(c.TLS.Certificate, c.TLS.Key); err != nil {
		return fmt.Errorf("tls: reading %s and %s: %w", c.TLS.Certificate, c.TLS.Key, err)
	}
	return nil
}
