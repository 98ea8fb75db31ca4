// Package clients holds poststube against the mail programs that people use.
// Its tests start the real server as a process, on free ports of the loopback
// interface and an empty data directory, install each mail program from Debian
// and drive it without a person: it logs in, lists, reads, flags, uploads,
// moves, deletes, synchronizes, and uses a folder that somebody else shares.
//
// What a program says it did is not believed: an observer, a small IMAP client
// of this package, looks from the other side, and messages are compared octet
// by octet.
//
// Start reading at client_test.go: what a client under test is, and what is
// asked of it. Each program has a file of its own. `go run ./interop/table`
// runs all of them and prints programs × actions.
//
// Where a program cannot be had its test is skipped with a message that says
// so, or fails if $CI or $POSTSTUBE_INTEROP is set.
package clients
