package search

import (
	"fmt"
	"hash/maphash"
)

// Tokens that no text has: they stand for emails as such.
const (
	tokenAll    = 1 // emails with any text in the field
	tokenOpaque = 2 // emails with more tokens than the index takes
)

// Limits of what is taken from one field of one email. An email with more is
// opaque: it is found by what has been taken, and otherwise a candidate for
// every needle.
const (
	MaxTokens     = 1 << 18 // different ones
	MaxTokenBytes = 4 << 20 // of different ones, in octets
)

// batchMemory is the memory in octets at which a Batch is full.
const batchMemory = 32 << 20

// A Batch collects the texts of emails of one owner in memory, until Index.Add
// puts them into the index. It is used by one goroutine at a time.
//
// It holds 32 MiB, and above that one email's MaxTokens; see Full.
type Batch struct {
	parts []*batchPart // by chunk
	free  []*batchPart // to be used again

	mapper   mapper
	splitter splitter
	mapped   []byte
	header   []byte
	collect  func(token []byte)

	email uint64
	begun bool  // an email has
	field Field // that is written
	open  bool  // something has been written to it
	taken [fields]struct {
		tokens, octets int
		opaque         bool
	}
}

// A batchPart holds those emails of a batch that are in one chunk.
type batchPart struct {
	chunk uint64
	docs  uint32
	first uint64
	last  uint64
	field [fields]vocabulary
}

// NewBatch returns an empty batch.
func NewBatch() *Batch {
	b := &Batch{}
	b.collect = b.token
	return b
}

// Email begins an email. The error is ErrOrder if its number is not greater than
// that of the one before.
func (b *Batch) Email(number uint64) error {
	b.end()
	if b.begun && number <= b.email {
		return fmt.Errorf("%w: email %d follows %d", ErrOrder, number, b.email)
	}
	b.begun, b.email = true, number
	clear(b.taken[:])
	chunk := number >> chunkBits
	if n := len(b.parts); n == 0 || b.parts[n-1].chunk != chunk {
		b.parts = append(b.parts, b.newPart(chunk, number))
	}
	p := b.parts[len(b.parts)-1]
	p.docs++
	p.last = number
	return nil
}

func (b *Batch) newPart(chunk, first uint64) *batchPart {
	var p *batchPart
	if n := len(b.free); n > 0 {
		p, b.free = b.free[n-1], b.free[:n-1]
	} else {
		p = &batchPart{}
		for f := range p.field {
			p.field[f].seed = maphash.MakeSeed()
		}
	}
	p.chunk, p.first, p.last, p.docs = chunk, first, first, 0
	return p
}

// Write adds the next piece of text, in UTF-8, to a field of the email.
// Successive pieces of one field are one text, cut anywhere. There must be an
// email, and the field must not be Text.
func (b *Batch) Write(f Field, text []byte) {
	if len(text) == 0 {
		return
	}
	if b.open && b.field != f {
		b.end()
	}
	if !b.open {
		b.field, b.open = f, true
		b.splitter.class = f.class()
		b.add(tokenAll)
	}
	if b.taken[f].opaque {
		return
	}
	b.mapped = b.mapper.append(b.mapped[:0], text)
	b.splitter.split(b.mapped, b.collect)
}

// Opaque tells that the text of the email is not known. The email is a candidate
// for every needle in every field.
func (b *Batch) Opaque() {
	b.end()
	for f := range fields {
		b.field = f
		b.add(tokenOpaque)
		b.taken[f].opaque = true
	}
}

// Full tells that the memory is used up and the batch should be added before the
// next email. It looks at the whole: it may be called for each email.
func (b *Batch) Full() bool {
	n := 0
	for _, p := range b.parts {
		for f := range p.field {
			n += p.field[f].memory()
		}
	}
	return n >= batchMemory
}

// Len returns the number of emails.
func (b *Batch) Len() int {
	n := 0
	for _, p := range b.parts {
		n += int(p.docs)
	}
	return n
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.end()
	for _, p := range b.parts {
		for f := range p.field {
			p.field[f].reset()
		}
	}
	b.free = append(b.free, b.parts...)
	b.parts, b.begun = b.parts[:0], false
}

// end ends the text of the field.
func (b *Batch) end() {
	if !b.open {
		return
	}
	b.mapped = b.mapper.end(b.mapped[:0])
	b.splitter.split(b.mapped, b.collect)
	b.splitter.end(b.collect)
	b.open = false
}

// token takes a token of the text.
func (b *Batch) token(token []byte) {
	t := &b.taken[b.field]
	if t.opaque || !b.vocabulary().add(token, uint16(b.email)) {
		return
	}
	t.tokens++
	t.octets += len(token)
	if t.tokens >= MaxTokens || t.octets >= MaxTokenBytes {
		t.opaque = true
		b.add(tokenOpaque)
	}
}

func (b *Batch) add(special byte) { b.vocabulary().add([]byte{special}, uint16(b.email)) }

func (b *Batch) vocabulary() *vocabulary { return &b.parts[len(b.parts)-1].field[b.field] }
