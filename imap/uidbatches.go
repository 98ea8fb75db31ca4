package imap

// uidBatches is RFC 10022: a client that works through a mailbox from the newest
// messages on learns where to cut.
func uidBatches() extension {
	return extension{
		name:         "UIDBATCHES",
		rfc:          "RFC 10022",
		capabilities: always("UIDBATCHES"),
		commands:     []command{{name: "UIDBATCHES", states: selected, read: readUIDBatches}},
	}
}

// minBatch is the smallest size of a batch that is served, as large as the RFC
// lets it be. There is no bound on the number of batches, nor on how often they
// are asked for: each costs two look-ups in the view.
const minBatch = 500

func readUIDBatches(p *parser) run {
	p.SP()
	size := p.NZNumber()
	var first, last uint32 = 1, ^uint32(0)
	if p.TrySP() {
		first = p.NZNumber()
		p.Special(':')
		last = p.NZNumber()
	}
	return func(s *session) (answer, error) {
		switch {
		case first > last:
			return answer{}, &failure{bad: true, code: "CLIENTBUG", text: "The range of batches must ascend"}
		case size < minBatch:
			return answer{}, no("TOOFEW", "A batch has at least %d messages", minBatch)
		}
		s.batches(uint64(size), uint64(first), uint64(last))
		return answer{}, nil
	}
}

// batches writes the batches from first to last, as far as there are so many.
// Each begins where the one before ends, and the oldest ends at UID 1, so that
// all UIDs are in one and the client sees which the last one is.
func (s *session) batches(size, first, last uint64) {
	e := s.enc.Raw("* UIDBATCHES (TAG ").String(s.tag).Byte(')')
	n := uint64(s.box.view.Len())
	// low returns the lowest UID of a batch, or for 0 what is above all.
	low := func(batch uint64) uint32 {
		switch {
		case batch == 0:
			return s.box.view.MaxUID() + 1
		case batch*size >= n:
			return 1
		}
		uid, _ := s.box.view.UID(uint32(n - batch*size + 1))
		return uid
	}
	separator := byte(' ')
	for batch := first; batch <= last && (batch-1)*size < n; batch++ {
		e.Byte(separator).Number(low(batch-1) - 1).Byte(':').Number(low(batch))
		separator = ','
		if e.Buffered() >= portion {
			e.Flush()
		}
	}
	e.CRLF()
}
