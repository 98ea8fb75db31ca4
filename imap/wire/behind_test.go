package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// gated is a writer that waits for leave.
type gated struct {
	bytes.Buffer
	leave chan error
}

func (g *gated) Write(p []byte) (int, error) {
	if err := <-g.leave; err != nil {
		return 0, err
	}
	return g.Buffer.Write(p)
}

// TestFlushBehind: lines are made while those before them are written, they stay in
// order, and what was written is not touched by what is made.
func TestFlushBehind(t *testing.T) {
	w := &gated{leave: make(chan error)}
	e := NewEncoder(w)
	e.Raw("one ")
	if err := e.FlushBehind(w); err != nil {
		t.Fatal(err)
	}
	e.Raw("two ") // though nothing of the first is written yet
	w.leave <- nil
	if err := e.FlushBehind(w); err != nil {
		t.Fatal(err)
	}
	e.Raw("three ")
	w.leave <- nil
	go func() { w.leave <- nil }()
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := w.String(); got != "one two three " {
		t.Errorf("written: %q", got)
	}
	if err := e.FlushBehind(w); err != nil {
		t.Errorf("with nothing to write: %v", err)
	}
}

// TestFlushBehindFails: the error of a write that was left behind comes out at the
// next flush, and nothing is written after it.
func TestFlushBehindFails(t *testing.T) {
	broken := errors.New("broken")
	for _, flush := range []func(e *Encoder, w io.Writer) error{(*Encoder).FlushBehind, func(e *Encoder, _ io.Writer) error { return e.Flush() }} {
		w := &gated{leave: make(chan error, 1)}
		e := NewEncoder(w)
		e.Raw("one ")
		if err := e.FlushBehind(w); err != nil {
			t.Fatal(err)
		}
		e.Raw("two ")
		w.leave <- broken
		if err := flush(e, w); err != broken {
			t.Errorf("got %v", err)
		}
		if e.Buffered() > 0 || w.Len() > 0 {
			t.Errorf("%d octets wait, %q was written", e.Buffered(), w.String())
		}
	}
}
