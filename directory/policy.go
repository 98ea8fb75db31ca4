package directory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"poststube/kv"
)

// A policy is how new passwords are stored.
type policy struct {
	argon      ArgonParams
	iterations int   // of PBKDF2; 0: no SCRAM verifiers
	ever       []int // iterations that were in force at some time, for fake answers
	parallel   int   // key derivations at the same time
}

func newPolicy(o Options) (policy, error) {
	p := policy{argon: o.Argon, iterations: o.SCRAMIterations, parallel: runtime.GOMAXPROCS(0)}
	if p.argon == (ArgonParams{}) {
		p.argon = DefaultArgon
	}
	if a := p.argon; a.Time < 1 || a.Time > 64 || a.Threads < 1 || a.Memory < 8*uint32(a.Threads) || a.Memory > 4<<20 {
		return p, fmt.Errorf("%w: argon2id parameters %+v; need 1 to 64 passes and 8 KiB per thread to 4 GiB", ErrInvalid, a)
	}
	switch {
	case p.iterations == 0:
		p.iterations = 4096
	case p.iterations < 0:
		p.iterations = 0
	case p.iterations > 600_000:
		return p, fmt.Errorf("%w: %d SCRAM iterations; clients refuse more than 600000", ErrInvalid, p.iterations)
	}
	return p, nil
}

// known reads the list of all iteration counts that accounts may have, so that a
// name that does not exist can be given any of them. It tells whether the present
// one is in it.
func (p *policy) known(r kv.Reader) (bool, error) {
	b, err := r.Get(textKey(tableState, "iterations"))
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return false, err
	}
	p.ever = nil
	for ; len(b) >= 4; b = b[4:] {
		p.ever = append(p.ever, int(binary.BigEndian.Uint32(b)))
	}
	return p.iterations == 0 || slices.Contains(p.ever, p.iterations), nil
}

// remember puts the present count into the list.
func (p *policy) remember(tx kv.Tx) error {
	if known, err := p.known(tx); known || err != nil {
		return err
	}
	p.ever = append(p.ever, p.iterations)
	var list []byte
	for _, n := range p.ever {
		list = binary.BigEndian.AppendUint32(list, uint32(n))
	}
	return tx.Set(textKey(tableState, "iterations"), list)
}
