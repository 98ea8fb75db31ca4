package admin

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"

	"poststube/mail"
)

// frames is one conversation on the control socket: each side sends frames of
// an octet that says what it is, a length, and the payload. A client sends a
// question, with messages and an end if it is an Import; the server answers with
// progress or messages, and at last with an answer or an error.
type frames struct {
	r   *bufio.Reader
	w   *bufio.Writer
	buf []byte
}

// Kinds of frames. All but data hold JSON or nothing.
const (
	question = 'q' // a call and its argument
	meta     = 'm' // a message begins
	data     = 'd' // octets of it
	end      = 'e' // it ends; outside of a message: there are no more
	progress = 'p'
	answer   = 'a'
	failure  = 'x'
)

// maxFrame bounds what one frame makes the other side hold, in octets: a list
// of half a million users fits.
const maxFrame = 64 << 20

var errFrame = errors.New("admin: the other side of the control socket speaks another language: are both of the same version?")

func newFrames(c net.Conn) *frames {
	return &frames{r: bufio.NewReaderSize(c, 64<<10), w: bufio.NewWriterSize(c, 64<<10)}
}

// write queues a frame; bufio.Writer keeps its first error, which flush returns.
func (f *frames) write(kind byte, payload []byte) {
	var head [1 + binary.MaxVarintLen64]byte
	head[0] = kind
	n := binary.PutUvarint(head[1:], uint64(len(payload)))
	f.w.Write(head[:1+n])
	f.w.Write(payload)
}

func (f *frames) writeJSON(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f.write(kind, b)
	return nil
}

func (f *frames) flush() error { return f.w.Flush() }

// read returns the next frame; the payload is valid until the next read.
func (f *frames) read() (kind byte, payload []byte, err error) {
	if kind, err = f.r.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(f.r)
	switch {
	case err != nil:
		return 0, nil, noEOF(err)
	case n > maxFrame:
		return 0, nil, errFrame
	}
	if uint64(cap(f.buf)) < n {
		f.buf = make([]byte, n)
	}
	f.buf = f.buf[:n]
	_, err = io.ReadFull(f.r, f.buf)
	return kind, f.buf, noEOF(err)
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// writeMessage sends a message. An error of its Body is returned, and the other
// side is told, so that it never takes the part for the whole.
func (f *frames) writeMessage(m Message) error {
	if err := f.writeJSON(meta, m); err != nil {
		return err
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := m.Body.Read(buf)
		if n > 0 {
			f.write(data, buf[:n])
		}
		if errors.Is(err, io.EOF) {
			f.write(end, nil)
			return f.w.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// readMessage begins a message whose meta frame was read.
func (f *frames) readMessage(payload []byte) (Message, *body, error) {
	var m Message
	if err := json.Unmarshal(payload, &m); err != nil {
		return m, nil, fmt.Errorf("%w (%w)", errFrame, err)
	}
	b := &body{f: f}
	m.Body = b
	return m, b, nil
}

// body reads the data frames of one message.
type body struct {
	f    *frames
	rest []byte
	err  error
}

func (b *body) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		kind, payload, err := b.f.read()
		switch {
		case err != nil:
			b.err = noEOF(err)
		case kind == data:
			b.rest = payload
		case kind == end:
			b.err = io.EOF
		case kind == failure:
			b.err = parseFailure(payload)
		default:
			b.err = errFrame
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// drain reads what is left of the message.
func (b *body) drain() error {
	_, err := io.Copy(io.Discard, b)
	return err
}

// wireError is an error on the socket: the kind and the sentence, not the cause,
// which stays in the server's log.
type wireError struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

func (f *frames) writeFailure(err error) error {
	return f.writeJSON(failure, wireError{mail.KindOf(err).String(), mail.Text(err)})
}

func parseFailure(payload []byte) error {
	var w wireError
	if err := json.Unmarshal(payload, &w); err != nil {
		return fmt.Errorf("%w (%w)", errFrame, err)
	}
	e := &mail.Error{Kind: mail.Internal, Text: w.Text}
	for k := range mail.Kind(math.MaxUint8) {
		if k.String() == w.Kind {
			e.Kind = k
			break
		}
	}
	return e
}
