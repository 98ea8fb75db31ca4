// Package wire is the grammar of IMAP in both directions: RFC 9051 section 9,
// with RFC 3501, RFC 7888 (LITERAL+ and LITERAL-), RFC 3516 (literal8), RFC
// 5182 ("$"), and the UTF-8 strings of RFC 6855 and RFC 9755. It knows the
// pieces that commands and responses are made of, but no command and no
// response.
//
// A Decoder reads pieces and keeps its first error, as bufio.Scanner does: a
// command is read straight through, then Err is looked at once. What was not
// read of a command is passed over by Skip, with its literals, so that no octet
// of a refused literal is ever taken for a command.
//
// An Encoder appends pieces to a buffer and writes it out when it is full or
// when it is told to.
package wire
