package search

// Tokens are runs of octets that are no separators. A run of more than maxToken octets, as
// in languages without spaces or in encoded data, is cut into overlapping
// windows, so that each part of it that has up to sureToken octets lies whole in
// one of them.
const (
	maxToken  = 255
	sureToken = 64
	stride    = maxToken - (sureToken - 1)
)

// A splitter cuts a casemapped text that comes in pieces into tokens.
type splitter struct {
	class *classTable
	run   []byte // the end of the text so far, if it is part of a run
}

// split calls yield for each token that ends in the next piece, which consists
// of whole characters. Tokens are valid during the call.
func (s *splitter) split(mapped []byte, yield func(token []byte)) {
	for i := 0; i < len(mapped); {
		begin, end := s.class.scan(mapped, i)
		if begin > i {
			s.end(yield)
		}
		switch {
		case begin == end:
		case end < len(mapped) && len(s.run) == 0 && end-begin <= maxToken:
			yield(mapped[begin:end])
		default:
			s.extend(mapped[begin:end], yield)
		}
		i = end
	}
}

func (s *splitter) extend(run []byte, yield func(token []byte)) {
	for {
		n := min(maxToken-len(s.run), len(run))
		s.run = append(s.run, run[:n]...)
		if run = run[n:]; len(run) == 0 {
			return
		}
		yield(s.run)
		s.run = s.run[:copy(s.run, s.run[stride:])]
	}
}

// end tells that the run, if the text ended within one, goes no further.
func (s *splitter) end(yield func(token []byte)) {
	if len(s.run) > 0 {
		yield(s.run)
		s.run = s.run[:0]
	}
}
