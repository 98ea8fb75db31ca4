// Package ldap tries poststube with a real LDAP server: Debian's slapd, with a tree
// of its own, on loopback ports. People and groups come from there, log in with
// the passwords that it has, and what changes there shows in sessions that run.
//
// Where slapd cannot run its test is skipped with a message that says so, or
// fails if $CI or $POSTSTUBE_INTEROP is set.
package ldap
