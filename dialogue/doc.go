// Package dialogue runs scripted conversations between clients and a server in
// virtual time.
//
// A script is a txtar archive. Its comment holds the steps, one a line; its
// files are the messages and other octets that the steps mention as {@name}. A
// step is a setting (user, group, deliver, restart, wait …), a line that a client sends, or
// a line that it must receive:
//
//	user anna
//	user ben
//	group sales anna ben
//	deliver anna hello
//	login phone anna
//	phone C: a1 SELECT INBOX
//	phone S: * 1 EXISTS
//	phone S: ...
//	phone (skip)
//	wait 29m
//	phone (silence)
//
// The client's name may be left out where there is only one. Everything that a
// client receives must be in the script: a line nobody expected fails it.
//
// In expected lines "..." stands for any text, and <uid> for a value that is
// bound on its first use and must be the same later; bound names are filled in
// where the client sends them. {@name} stands for a literal with the content of
// that file, {"text"} for one with that text (Go syntax), each with a "+" at the end
// for a non-synchronizing one. Lines of files end with CRLF on the wire.
//
// The settings "starttls CLIENT", "deflate CLIENT" and "plain CLIENT" change how a
// client speaks once the server has agreed: over TLS, compressed, and no longer
// compressed.
//
// A script runs in a testing/synctest bubble: after each step the runner waits
// until every goroutine of the server waits for something, so what was received
// then is all that there is, silence is provable, and 29 minutes take no time.
//
// With -update the expected lines that don't match are rewritten to what was
// received; read the difference before you commit it.
package dialogue
