// Package interop runs real mail programs against the real server: the binary
// is built and started, its clients are the ones that Debian ships. There is
// nothing in it but tests.
//
// A client that is not installed is a failure where $CI is set, and skipped
// with a loud word elsewhere; test.sh installs them.
package interop
