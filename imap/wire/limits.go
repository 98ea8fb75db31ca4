package wire

// Limits bound what one command may cost. A literal that is streamed (see
// Decoder.Literal) is not held in memory and is bounded by its reader alone.
type Limits struct {
	Line     int   // octets of one line with its end
	Literal  int64 // octets of a literal that is read into memory
	Literals int   // number of literals in a command
	Command  int64 // octets of all lines and literals of a command that are read into memory
	Depth    int   // nesting of lists and of other recursive syntax
	Ranges   int   // ranges of a sequence set
	Discard  int64 // octets that are read and thrown away to get past a refused command
}

// LimitsBeforeLogin returns the limits for clients that nobody knows yet.
func LimitsBeforeLogin() Limits {
	return Limits{
		Line: 8 << 10, Literal: 4 << 10, Literals: 8, Command: 32 << 10,
		Depth: 10, Ranges: 1, Discard: 64 << 10,
	}
}

// LimitsAfterLogin returns the limits for sessions of known users. Discard is
// somewhat more than a usual message, so that APPEND of one that is refused
// doesn't cost the client its connection.
func LimitsAfterLogin() Limits {
	return Limits{
		Line: 64 << 10, Literal: 128 << 10, Literals: 1000, Command: 1 << 20,
		Depth: 50, Ranges: 10_000, Discard: 64 << 20,
	}
}
