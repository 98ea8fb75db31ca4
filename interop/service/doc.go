// Package service tests poststube as a Debian system runs it: the package is
// built and installed, a real systemd runs the units, and clients log in. All
// that happens in namespaces, with this machine's files beneath an overlay, so
// that nothing of it stays.
package service
