// Package moving tries the way from a real Dovecot to poststube: Debian's
// Dovecot writes a Maildir++ of 20,000 messages, which poststube takes over from
// its files and over IMAP, while the import and the server are killed. In the
// end both servers must answer the same.
//
// Where Dovecot cannot run its test is skipped with a message that says so, or
// fails if $CI or $POSTSTUBE_INTEROP is set.
package moving
