package imap

import (
	"bufio"
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"poststube/imap/inflate"
	"poststube/imap/wire"
)

// compress is RFC 4978. It is offered after login only: nobody should be able to
// find out a password from how well it compresses, nor have strangers' octets
// expanded here.
//
// What a client may send is bounded behind the compression as it is without, by
// wire.Limits and the size of messages, so that a few octets that stand for many
// cost no more than the many. See docs/decisions for what is behind this.
func compress() extension {
	return extension{
		name: "COMPRESS=DEFLATE",
		rfc:  "RFC 4978",
		capabilities: func(s *session) []string {
			if s.in&loggedIn == 0 || s.deflate != nil {
				return nil
			}
			return []string{"COMPRESS=DEFLATE"}
		},
		commands: []command{{name: "COMPRESS", states: loggedIn, quiet: true, heavy: true, read: readCompress}},
	}
}

func readCompress(p *parser) run {
	p.SP()
	mechanism := p.Keyword()
	return func(s *session) (answer, error) {
		switch {
		case mechanism != "DEFLATE":
			return answer{}, bad("DEFLATE is the only mechanism of compression")
		case s.deflate != nil:
			return answer{}, bad("Compression is active already")
		case s.dec.Buffered() > 0:
			// It could be compressed or not (section 3: the client must wait).
			return answer{}, bad("Nothing may follow COMPRESS before its answer")
		}
		// The answer ends the plain text, so what has changed is said before it,
		// here and not at the end of the command.
		ans := answer{text: "DEFLATE active"}
		if err := s.sync(syncing{answer: &ans}); err != nil || s.in == ended {
			return answer{done: true}, err
		}
		s.enc.Tagged(s.tag, wire.OK, ans.code, ans.text)
		if err := s.flush(); err != nil {
			return answer{}, err
		}
		s.deflate = &deflater{out: s.conn, pool: &s.srv.compressors}
		s.inflate = inflate.NewReader(bufio.NewReaderSize(input{s}, readBuffer))
		s.dec.Reset(bufio.NewReaderSize(s.inflate, readBuffer))
		return answer{done: true}, nil
	}
}

// decompress ends compression. The answer to the last command has been written;
// what the client sends from now on is not compressed (RFC 8437 section 4.1).
func (s *session) decompress() error {
	if err := s.flush(); err != nil {
		return err
	}
	s.deflate = nil
	beyond, err := s.inflate.End()
	if err != nil {
		return err
	}
	beyond = append(beyond, s.inflate.Rest()...)
	s.inflate = nil
	s.dec.Reset(bufio.NewReaderSize(io.MultiReader(bytes.NewReader(beyond), input{s}), readBuffer))
	return nil
}

// A compressor is what compresses output, with a buffer for what comes out. It
// takes 800 KiB, so sessions that say nothing have none.
type compressor struct {
	flate *flate.Writer
	buf   *bufio.Writer
}

// newCompressor makes one for the pool.
func newCompressor() any {
	w, _ := flate.NewWriter(io.Discard, flate.BestSpeed) // fails only for levels that don't exist
	return &compressor{flate: w, buf: bufio.NewWriterSize(io.Discard, 16<<10)}
}

// maxTail is how much of the last output a session keeps, for the compressor
// that goes on to refer to. With 1 KiB the answers of a client that fetches
// message by message compress as well as if it had a compressor of its own.
const maxTail = 2 << 10

// A deflater writes compressed output. From a flush to the next write it has
// nothing but the end of what was written.
type deflater struct {
	out  io.Writer
	pool *sync.Pool
	c    *compressor // while there is something to flush
	tail []byte
}

// Write implements io.Writer. What was written may wait for Flush.
func (d *deflater) Write(p []byte) (int, error) {
	if d.c == nil {
		d.c = d.pool.Get().(*compressor)
		d.c.buf.Reset(d.out)
		d.c.flate.ResetDict(d.c.buf, d.tail)
	}
	n, err := d.c.flate.Write(p)
	d.keep(p)
	return n, err
}

func (d *deflater) keep(p []byte) {
	if len(p) >= maxTail {
		d.tail = append(d.tail[:0], p[len(p)-maxTail:]...)
		return
	}
	if over := len(d.tail) + len(p) - maxTail; over > 0 {
		d.tail = append(d.tail[:0], d.tail[over:]...)
	}
	d.tail = append(d.tail, p...)
}

// Flush sends what was written, so that the client can read all of it, and gives
// the compressor back.
func (d *deflater) Flush() error {
	if d.c == nil {
		return nil
	}
	err := d.c.flate.Flush()
	if werr := d.c.buf.Flush(); err == nil {
		err = werr
	}
	d.c.buf.Reset(io.Discard)
	d.c.flate.ResetDict(d.c.buf, nil)
	d.pool.Put(d.c)
	d.c = nil
	return err
}
