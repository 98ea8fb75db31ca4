package wire

import "io"

// behind is a write that goes on while the encoder's user does something else.
type behind struct {
	done chan error // nil: no write is under way
	buf  []byte     // what it writes, free when it is done
}

// FlushBehind writes what is waiting to w, in place of the encoder's writer, and
// returns at once: the next lines can be made while the client takes these. A
// write before it is waited for. Until the next flush nobody else may use what w
// writes to. It returns the first error of the writer so far.
//
// The encoder has two buffers until the next Flush.
func (e *Encoder) FlushBehind(w io.Writer) error {
	if e.wait() != nil || len(e.buf) == 0 {
		e.buf = e.buf[:0]
		return e.err
	}
	done, buf := make(chan error, 1), e.buf
	go func() {
		_, err := w.Write(buf)
		done <- err
	}()
	other := e.behind.buf
	if other == nil {
		other = make([]byte, 0, cap(buf))
	}
	e.buf, e.behind = other[:0], behind{done, buf}
	return nil
}

// wait waits for the write that is under way, if there is one, and returns the
// first error of the writer so far.
func (e *Encoder) wait() error {
	if e.behind.done == nil {
		return e.err
	}
	err := <-e.behind.done
	e.behind.done = nil
	e.keep(err)
	return e.err
}
