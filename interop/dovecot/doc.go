// Package dovecot holds package message against Debian's Dovecot: every
// message of the corpus is stored in a Dovecot that the test starts, and the
// ENVELOPE, BODY, BODYSTRUCTURE and each BODY[section] that it answers must be
// what package message says.
//
// Differences that are meant are listed in docs/dovecot-differences.md; the
// test knows each of them by file and says why. All others fail.
package dovecot
