// Package search finds substrings in emails, exactly and mostly without reading
// them, by an index on kv. It is what IMAP's SEARCH BODY, TEXT, SUBJECT, FROM, TO,
// CC and BCC need (RFC 9051 section 6.4.4), under the collation i;unicode-casemap
// (RFC 5051), and never says that an email matches, or does not, unless it does.
//
// # How it works
//
// Texts are casemapped and cut into tokens at spaces and brackets (field.go). A
// needle without such a separator is found within a token. So its emails are
// those of all tokens that contain it: the vocabulary is searched instead of the
// texts. A filter by trigrams (filter.go) tells which blocks of the vocabulary
// (block.go) to look through. A needle with separators must end a token, begin
// another and be the whole of those between; emails that have all of these are
// candidates, and somebody must look at their texts. From, To, Cc, Bcc and
// Subject are cut at commas only: almost everything in them is found for certain.
//
// The index of an owner consists of segments (manifest.go), each made of some
// successive emails, written once and merged with others later (add.go), as in a
// log-structured merge tree. An email is known by its number: numbers are per
// owner, begin at 1 and are never used again, and the text of an email never
// changes. Start reading at Find and Add.
//
// # How the engine uses it
//
// Adding happens in the background, outside of the engine's locks, whenever an
// owner has emails beyond Indexed; better some hundred at a time than one by
// one, as the tail that is not indexed costs little:
//
//	batch := search.NewBatch()                // one for each worker; Reset and use again
//	for each email of the owner in (Indexed, last], ascending:
//		batch.Email(number)
//		batch.Message(part, octets)           // logs its error and goes on
//		stop if batch.Full() or batch.Len() == 500
//	index.Add(ctx, owner, batch, number)      // the last one looked at, deleted ones too
//
// A search reads within the transaction that shows it the messages:
//
//	needle := search.NewNeedle(text)
//	found, err := index.Find(ctx, r, owner, search.Body, needle)
//	for each message, by the number of its email:
//		beyond found.Indexed, or in found.Possible: look at the text with needle.Matcher()
//		in found.Certain: it matches
//		else: it does not
//
// After ErrDamaged the owner's index is dropped and all texts are looked at. Other
// header fields are looked at in the emails that Find has for Header, both sets;
// those of the name followed by a colon limit them further.
//
// When the last place of an email goes, the engine calls Remove after the commit,
// and Tidy from time to time. Drop serves for an owner who goes, and to build an
// index anew.
//
// # What it costs
//
// Of 100,000 messages with a median of 6 KiB, on one of two cores of a small
// machine: 0.15 ms of CPU a message to add it, parsing and decoding included; the
// index has 10 % of the octets of the text, of real mail 27 %; a rare word takes
// 0.1 ms, with nothing in the cache 0.6 ms; a word that half of them have 1 ms and
// 2 ms; a single letter 30 ms. All grow in proportion: of 1,000,000 messages, 1 and
// 6 ms, 2 and 18 ms, 300 ms. BenchmarkFind and BenchmarkAdd measure this.
package search
