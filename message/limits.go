package message

// Limits keep the cost of a hostile message proportional to its size. A
// message beyond a limit is still stored and served whole; only its
// description becomes coarser.
const (
	// MaxNesting is how many levels of parts lie below the message itself. A
	// multipart or message/rfc822 part on the last level is not opened: it is
	// described as a leaf of type application/octet-stream.
	MaxNesting = 100

	// MaxParts is how many parts one message may have in all, containers and
	// the message itself included. The last part takes in everything that
	// follows, as a leaf of type application/octet-stream.
	MaxParts = 10_000

	// MaxHeader is how many octets of one header block are looked at. The
	// block may be longer: its extent is always known.
	MaxHeader = 1 << 20

	// MaxAddresses is how many addresses (group markers included) one
	// address field of an ENVELOPE holds.
	MaxAddresses = 1000

	// MaxParams is how many parameters one Content-Type or
	// Content-Disposition field may have; the rest is ignored.
	MaxParams = 1000

	// MaxBoundary is how many octets of a boundary parameter count. RFC 2046
	// section 5.1.1 allows 70.
	MaxBoundary = 200

	// MaxSummaryHeaders is how many octets of raw header fields a Summary
	// carries. Beyond it the fields have to be read from the message.
	MaxSummaryHeaders = 64 << 10

	// MaxSortKey is how many octets of a subject, name or address count for
	// its sort key. Longer ones sort and thread as if they ended there.
	MaxSortKey = 1000

	// MaxPreview is the length of a preview in characters, as RFC 8970
	// section 3.3 recommends.
	MaxPreview = 200
)
