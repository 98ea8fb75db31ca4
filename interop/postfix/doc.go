// Package postfix runs Debian's Postfix in front of the server, with the
// configuration that docs/postfix.md gives, and sends mail through both: logins
// over SASL, delivery by LMTP, recipients and senders looked up over socketmap.
// It has tests only.
//
// Postfix runs from a queue and a configuration of its own, on ports of the
// system's choice, beside one that the machine may have.
package postfix
