package mail

import (
	"time"

	"poststube/uidset"
)

// A QueryOp is one kind of search condition.
type QueryOp uint8

// Search conditions. Each names the field of Query that it uses. Strings are
// UTF-8 and match as substrings without regard to case (i;unicode-casemap).
const (
	QAll         QueryOp = iota
	QAnd                 // Sub; true when empty
	QOr                  // Sub
	QNot                 // Sub[0]
	QUIDs                // UIDs
	QFlag                // Flag is set
	QKeyword             // Text is set as keyword
	QRecent              // UID >= Num
	QLarger              // Num octets
	QSmaller             // Num octets
	QBefore              // internal date, Date; only year, month, day count
	QOn                  //
	QSince               //
	QSentBefore          // Date field
	QSentOn              //
	QSentSince           //
	QSavedBefore         // save date (RFC 8514)
	QSavedOn             //
	QSavedSince          //
	QYounger             // internal date within Num seconds (RFC 5032)
	QOlder               // internal date before that
	QHeader              // field Name contains Text; empty Text: field exists
	QFrom                // Text, in decoded addresses
	QTo                  //
	QCc                  //
	QBcc                 //
	QSubject             //
	QBody                // Text, in the decoded text of the body parts
	QText                // Text, in header or body
	QModSeq              // modseq >= Num
	QEmailID             // Num, as Engine.ParseObjectID gives it
	QThreadID            // Num
)

// A Query is a tree of search conditions (RFC 9051 section 6.4.4). Sequence
// numbers do not occur in it: a session resolves them to UIDs.
type Query struct {
	Op   QueryOp
	Sub  []*Query
	UIDs uidset.Set
	Flag SystemFlags
	Num  uint64
	Date time.Time
	Name string
	Text string
}

// Found is the result of a search.
type Found struct {
	UIDs      uidset.Set
	MaxModSeq ModSeq // largest modseq among them, 0 if not asked for
}
