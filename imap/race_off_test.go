//go:build !race

package imap

const raceOctets = 0
