// Package imap speaks IMAP4rev2 (RFC 9051) and IMAP4rev1 (RFC 3501) with its
// extensions to clients, on behalf of package mail.
//
// Start reading at extensions.go, the list of all that is spoken; each line
// leads to a file that holds everything about one extension or command: what is
// announced, the grammar, the action. command.go tells how a command is
// described, session.go how a connection lives, dispatch.go how a command runs.
//
// Three rules keep the rest simple:
//
//   - A command resolves numbers through the view, calls mail, and is done. What
//     a client hears about the mailbox without having asked for it, and also as
//     the answer of STORE, EXPUNGE, MOVE and IDLE, is said by sync.go alone, from
//     the change log.
//   - How things are said depends on what the client has enabled. That is the
//     dialect (dialect.go), which sync and the encoders look at; commands don't.
//   - Rights are checked by mail. This package never asks whether somebody may.
package imap
