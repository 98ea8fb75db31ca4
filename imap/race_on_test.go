//go:build race

package imap

// raceOctets is what a session takes on top in a program that looks for races,
// which keeps a shadow of memory and larger goroutines.
const raceOctets = 16 << 10
