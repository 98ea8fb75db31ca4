// Package search finds substrings in emails, exactly and without reading them,
// from an index on kv.
package search
