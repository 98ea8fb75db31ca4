package pebblekv

// Chunks of an arena: the first is small because most transactions read a few
// small records; chunks over arenaKeep are not kept for the next transaction.
const (
	arenaChunk = 4 << 10
	arenaKeep  = 64 << 10
)

// arena holds copies of values until the transaction that read them ends.
type arena struct {
	chunk []byte
	// full are chunks without room; they are only listed to be poisoned.
	full [][]byte
}

// copy returns a copy of v that lives until reset.
func (a *arena) copy(v []byte) []byte {
	if len(v) > cap(a.chunk)-len(a.chunk) {
		if len(a.chunk) > 0 {
			a.full = append(a.full, a.chunk)
		}
		a.chunk = make([]byte, 0, max(arenaChunk, 2*cap(a.chunk), len(v)))
	}
	start := len(a.chunk)
	a.chunk = append(a.chunk, v...)
	return a.chunk[start:len(a.chunk):len(a.chunk)]
}

// reset ends the life of all copies. With destroy it makes that visible to
// whoever still looks at one.
func (a *arena) reset(destroy bool) {
	if destroy {
		for _, chunk := range append(a.full, a.chunk) {
			poison(chunk)
		}
		*a = arena{}
		return
	}
	clear(a.full)
	a.full = a.full[:0]
	if cap(a.chunk) > arenaKeep {
		a.chunk = nil
	}
	a.chunk = a.chunk[:0]
}

func poison(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}
