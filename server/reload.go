package server

import (
	"reflect"
	"slices"
)

// live are the keys that Reload can change; all others need a restart.
var live = [...]string{"retention.deleted", "retention.log", "log.level"}

// Reload takes over what of a new configuration can change while the server runs,
// and reads the certificate's files again. It returns the keys that have changed
// and need a restart. On an error the old certificate stays in use.
func (s *Server) Reload(c Config) (restart []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	restart = differing(s.config, c)
	s.config.Retention, s.config.Log = c.Retention, c.Log
	return restart, s.certificate.reload()
}

// differing returns the keys that are not live and that a and b give other values.
func differing(a, b Config) (names []string) {
	other := keys(&b)
	for i, k := range keys(&a) {
		if k.table || slices.Contains(live[:], k.name) {
			continue
		}
		if !reflect.DeepEqual(k.value.Interface(), other[i].value.Interface()) {
			names = append(names, k.name)
		}
	}
	return names
}

// retention returns what holds now.
func (s *Server) retention() Retention {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config.Retention
}
