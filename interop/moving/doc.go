// Package moving tries the way from a real Dovecot to poststube: Debian's
// Dovecot writes a Maildir++ of 20,000 messages (fewer unless $CI or
// $POSTSTUBE_LONG is set), which poststube takes over from its files and over
// IMAP, while the import and the server are killed. In the end both servers must
// answer the same, and so must a Dovecot that serves what poststube exports.
//
// Where Dovecot cannot run its test is skipped with a message that says so, or
// fails if $CI or $POSTSTUBE_INTEROP is set.
package moving
