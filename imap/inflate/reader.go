// Package inflate reads DEFLATE (RFC 1951) from a connection on which somebody
// waits for an answer, as the COMPRESS extension of IMAP needs it (RFC 4978).
//
// Readers made for files hand out what they have decoded when their window is
// full or when they see an empty stored block. A peer that flushes in another way,
// as zlib's Z_PARTIAL_FLUSH does, or that has finished its block, is left waiting
// for ever. This Reader hands out whatever it has before it would block, however
// the peer flushes. It keeps only as much history as the peer has sent, up to the
// 32 KiB of the format, and its tables only while a block with its own codes is
// read, so that a connection that is idle costs little. And it can tell where the
// compressed octets end, for a peer that goes on without compression.
package inflate

import (
	"bufio"
	"errors"
	"io"
)

// ErrData is what a Reader answers to octets that are not DEFLATE.
var ErrData = errors.New("inflate: the data is damaged")

// A Reader is an io.Reader of what was compressed. It never needs more than one
// octet of input beyond what it hands out, and reads no more than its
// bufio.Reader has, unless it has nothing to hand out.
type Reader struct {
	in   *bufio.Reader
	bits uint64 // octets that were read, lowest bit first
	n    uint   // how many bits there are

	state  state
	final  bool // the block is the last one
	stored int  // octets of a stored block that are to come
	codes  *codes

	// window is history, and from out on what is to be handed out.
	window  []byte
	out     int
	written bool // the block has given any octet
	err     error
}

// A state is where in the format a Reader is.
type state uint8

const (
	inHeader state = iota // before a block
	inStored
	inCodes
	atEnd // behind the last block
)

const (
	history = 32 << 10
	// portion is how much is decoded before it is handed out, and slack how far
	// the window grows beyond the history before it is moved.
	portion = 4 << 10
	slack   = 8 << 10
)

// NewReader returns a Reader of what in holds in compressed form.
func NewReader(in *bufio.Reader) *Reader { return &Reader{in: in} }

// Read implements io.Reader. At the end of the last block it returns io.EOF.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.out == len(r.window) {
		if r.err != nil {
			return 0, r.err
		}
		r.run()
	}
	n := copy(p, r.window[r.out:])
	r.out += n
	return n, nil
}

// Buffered returns how many octets can be read without any input.
func (r *Reader) Buffered() int { return len(r.window) - r.out }

// End reads on to where the peer has flushed or ended its output, which must hold
// no further octet, and returns what it had to read beyond. What follows in the
// bufio.Reader is not compressed either.
func (r *Reader) End() (beyond []byte, err error) {
	for r.state == inStored || r.state == inCodes {
		if r.Buffered() > 0 {
			return nil, ErrData
		}
		if r.run(); r.err != nil {
			return nil, r.err
		}
	}
	if r.Buffered() > 0 {
		return nil, ErrData
	}
	if r.state == inHeader {
		if err := r.flushed(); err != nil {
			return nil, err
		}
	}
	r.take(r.n % 8)
	for r.n > 0 {
		beyond = append(beyond, byte(r.take(8)))
	}
	return beyond, nil
}

// flushed reads the empty block with which one flushes.
func (r *Reader) flushed() error {
	if err := r.need(3); err != nil {
		return err
	}
	if r.bits&7 == 2 {
		// Z_PARTIAL_FLUSH of zlib: an empty block of fixed codes, ten bits. Only
		// the whole octets of it are sent; the others wait for more to come.
		n := r.n % 8
		if n < 3 {
			n += 8
		}
		if err := r.need(n); err != nil {
			return err
		}
		r.take(n)
		return nil
	}
	for again := true; again; again = r.state == inCodes {
		if r.run(); r.err != nil {
			return r.err
		}
	}
	if r.written || r.state == inStored {
		return ErrData
	}
	return nil
}

// Rest returns what lies in the bufio.Reader, once End has found that it is not
// compressed.
func (r *Reader) Rest() []byte {
	b, _ := r.in.Peek(r.in.Buffered())
	return b
}

// run decodes until there is something to hand out, or a block or everything is
// over, and leaves it at that when more would have to be waited for.
func (r *Reader) run() {
	if len(r.window) > history+slack {
		r.window = append(r.window[:0], r.window[len(r.window)-history:]...)
		r.out = len(r.window)
	}
	var err error
	switch r.state {
	case inHeader:
		err = r.header()
	case inStored:
		err = r.copyStored()
	case inCodes:
		err = r.decode()
	case atEnd:
		err = io.EOF
	}
	if err != nil && err != errWait {
		r.err = err
	}
}

// errWait ends a step that would have to wait while there is something to hand
// out.
var errWait = errors.New("inflate: more input is needed")

// need makes at least n bits available, n at most 56. Input that is there is
// taken in any case; for more it waits, but not while there is something to hand
// out.
func (r *Reader) need(n uint) error {
	for r.n <= 56 && (r.n < n || r.in.Buffered() > 0) {
		if r.n < n && r.in.Buffered() == 0 && r.out < len(r.window) {
			return errWait
		}
		c, err := r.in.ReadByte()
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		r.bits |= uint64(c) << r.n
		r.n += 8
	}
	return nil
}

// take returns n bits, which must be there.
func (r *Reader) take(n uint) uint {
	v := uint(r.bits & (1<<n - 1))
	r.bits >>= n
	r.n -= n
	return v
}

// header reads what stands before the data of a block (RFC 1951 section 3.2.3).
func (r *Reader) header() error {
	if r.final {
		r.state = atEnd
		return nil
	}
	if err := r.need(3); err != nil {
		return err
	}
	r.written = false
	r.final = r.take(1) == 1
	switch r.take(2) {
	case 0:
		return r.storedHeader()
	case 1:
		r.codes, r.state = fixedCodes(), inCodes
		return nil
	case 2:
		return r.dynamicHeader()
	}
	return ErrData
}

// storedHeader reads LEN and NLEN (section 3.2.4).
func (r *Reader) storedHeader() error {
	r.take(r.n % 8)
	if err := r.need(32); err != nil {
		return err
	}
	length, complement := r.take(16), r.take(16)
	if length != ^complement&0xffff {
		return ErrData
	}
	r.stored, r.state = int(length), inStored
	if length == 0 {
		r.endBlock()
	}
	return nil
}

// copyStored takes a portion of a stored block.
func (r *Reader) copyStored() error {
	for r.stored > 0 && r.Buffered() < portion {
		if err := r.need(8); err != nil {
			return err
		}
		for ; r.n >= 8 && r.stored > 0; r.stored-- {
			r.window = append(r.window, byte(r.take(8)))
			r.written = true
		}
	}
	if r.stored == 0 {
		r.endBlock()
	}
	return nil
}

func (r *Reader) endBlock() {
	r.codes.free()
	r.codes = nil
	r.state = inHeader
	if r.final {
		r.state = atEnd
	}
}

// decode decodes a portion of a block of codes (section 3.2.3).
func (r *Reader) decode() error {
	for r.Buffered() < portion {
		end, err := r.symbol()
		if err != nil {
			return err
		}
		if end {
			r.endBlock()
			return nil
		}
	}
	return nil
}

// symbol decodes one literal, or one length with its distance, or the end of the
// block. Nothing is taken from the input before all of it is there.
func (r *Reader) symbol() (end bool, err error) {
	want := uint(1)
	for {
		if err := r.need(want); err != nil {
			return false, err
		}
		bits, n := r.bits, r.n
		sym, used, ok := r.codes.literals.decode(bits, n)
		switch {
		case !ok && n >= maxCode:
			return false, ErrData
		case !ok:
			want = n + 1
			continue
		case sym < endOfBlock:
			r.take(used)
			r.window = append(r.window, byte(sym))
			r.written = true
			return false, nil
		case sym == endOfBlock:
			r.take(used)
			return true, nil
		}
		length, distance, total, err := r.codes.reference(sym, bits, n, used)
		if err == errWait {
			want = n + 1
			continue
		}
		if err != nil {
			return false, err
		}
		r.take(total)
		return false, r.repeat(length, distance)
	}
}

// repeat appends octets that were there before. They may overlap with those that
// are appended.
func (r *Reader) repeat(length, distance int) error {
	at := len(r.window) - distance
	if at < 0 {
		return ErrData
	}
	r.written = true
	for length > 0 {
		n := min(length, len(r.window)-at)
		r.window = append(r.window, r.window[at:at+n]...)
		at += n
		length -= n
	}
	return nil
}
