// Package message reads Internet messages (RFC 5322, MIME) by byte offsets.
//
// Start at [Parse]: it reads a message once, front to back, and returns a tree
// of [Part] values that say where every header and body lies and what the
// Content-* fields say about it. Nothing of the message is rewritten or
// copied, so that every IMAP BODY[section] is a range of the stored octets.
// [Summarize] is the one call for the moment a message arrives: it renders
// everything that a server wants to answer later without reading the message
// again.
//
// The package never fails on its input. Mail is full of missing boundaries,
// unclosed quotes, 8-bit headers and NULs; each of those gets the most useful
// reading there is, and the only errors that come out are those of the
// io.ReaderAt that came in. All work is linear in the size of the message,
// under the limits in limits.go.
//
// It does no I/O besides that io.ReaderAt, keeps no state, and all functions
// may be called concurrently.
package message
