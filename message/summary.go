package message

import (
	"bytes"
	"io"
	"time"
)

// A Summary is what a server stores beside a message so that it need not read
// the message again for what mail programs ask for first.
type Summary struct {
	// Size and HeaderSize are in octets; the header includes its empty line.
	Size, HeaderSize int64

	// Structure is the form that ParseStructure reads.
	Structure []byte

	// Envelope, Body and BodyStructure are the answers to the IMAP FETCH
	// items of these names, with their parentheses.
	Envelope, Body, BodyStructure []byte

	// Headers has the raw fields for which HeaderSet Covers the name, in the
	// order of the header. HeaderSet is 0 if they were too long to keep:
	// then the header must be read from the message.
	Headers   []byte
	HeaderSet HeaderSet

	// Preview is the answer to PREVIEW (RFC 8970).
	Preview string

	// Sent is the time of the Date field in its own zone, the zero time if
	// there is none that can be read (RFC 5256 section 2.2).
	Sent time.Time

	// Subject is decoded, on one line. BaseSubject is its base subject as
	// AppendCasemap gives it, and IsReply whether that was marked as a reply
	// or forward (RFC 5256 section 2.1).
	Subject, BaseSubject string
	IsReply              bool

	// From, To and Cc are the sort keys of the first address of each.
	From, To, Cc SortKey

	// MessageID, InReplyTo and References have ids as ParseMessageIDs gives
	// them. References is what THREAD=REFERENCES follows: the References
	// field, or without one the first id of In-Reply-To.
	MessageID             string
	InReplyTo, References []string

	// HasAttachment tells whether a person would say that files are
	// attached.
	HasAttachment bool
}

// A SortKey has the forms of an address by which SORT orders, as AppendCasemap
// gives them; both are empty if there is no address.
type SortKey struct {
	// Mailbox is for FROM, TO and CC: the local part (RFC 5256 section 3).
	Mailbox string
	// Display is for DISPLAYFROM and DISPLAYTO: the display name, else
	// mailbox@host (RFC 5957 section 3).
	Display string
}

// summaryWindow is up to which size a message is held in memory at once, so
// that it is read only once.
const summaryWindow = 1 << 20

// Summarize reads a message once and returns all that is to be stored beside
// it. Like Parse it takes any octets; the error is that of r, and the summary
// then worth nothing.
func Summarize(r io.ReaderAt, size int64) (*Summary, error) {
	var in *source
	if size <= summaryWindow {
		b := make([]byte, size)
		if n, err := r.ReadAt(b, 0); int64(n) < size {
			if err == io.EOF || err == nil {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		in, r = newMemorySource(b), bytes.NewReader(b)
	} else {
		in = newSource(r, size)
	}
	root, err := parse(in)
	if err != nil {
		return nil, err
	}
	header, err := root.readHeader(r)
	if err != nil {
		return nil, err
	}
	s := &Summary{Size: size, HeaderSize: root.BodyStart}
	s.render(root)
	s.addHeaders(header, root.BodyStart > MaxHeader)
	s.addEnvelope(root.Envelope)
	s.Preview = Preview(root, r)
	root.Walk(func(p *Part) bool {
		s.HasAttachment = p.isAttachment(root)
		return !s.HasAttachment
	})
	return s, nil
}

// render fills in what IMAP is answered with. The forms share one allocation.
func (s *Summary) render(root *Part) {
	b := make([]byte, 0, 1024)
	b = root.AppendStructure(b)
	structure := len(b)
	b = root.Envelope.AppendIMAP(b)
	envelope := len(b)
	b = root.AppendBodyStructure(b, false)
	body := len(b)
	b = root.AppendBodyStructure(b, true)
	s.Structure = b[:structure:structure]
	s.Envelope = b[structure:envelope:envelope]
	s.Body = b[envelope:body:body]
	s.BodyStructure = b[body:len(b):len(b)]
}

// addHeaders keeps the raw fields that are asked for most, and reads those
// that are not in the envelope.
func (s *Summary) addHeaders(header []byte, truncated bool) {
	kept := make([]byte, 0, min(len(header), 1024))
	for f := range Fields(header) {
		if !currentHeaderSet.Covers(f.Name) {
			continue
		}
		if len(kept) <= MaxSummaryHeaders {
			kept = append(kept, f.Raw...)
		}
		if s.References == nil && f.Is("References") {
			s.References = ParseMessageIDs(f.Value)
		}
	}
	if !truncated && len(kept) <= MaxSummaryHeaders {
		s.Headers, s.HeaderSet = kept, currentHeaderSet
	}
}

func (s *Summary) addEnvelope(e *Envelope) {
	s.Sent, _ = ParseDate(e.Date)
	s.Subject = DecodeHeader(e.Subject)
	base, isReply := BaseSubject(s.Subject)
	s.BaseSubject, s.IsReply = casemap(base), isReply
	s.From, s.To, s.Cc = sortKey(e.From), sortKey(e.To), sortKey(e.Cc)
	if ids := ParseMessageIDs(e.MessageID); len(ids) > 0 {
		s.MessageID = ids[0]
	}
	s.InReplyTo = ParseMessageIDs(e.InReplyTo)
	if len(s.References) == 0 && len(s.InReplyTo) > 0 {
		s.References = s.InReplyTo[:1:1]
	}
}

// sortKey makes the keys of the first entry of a list, which may be a group.
func sortKey(list []Address) SortKey {
	if len(list) == 0 {
		return SortKey{}
	}
	a := list[0]
	k := SortKey{Mailbox: casemap(a.Mailbox)}
	switch {
	case a.Role == GroupStart:
		k.Display = casemap(DecodeHeader([]byte(a.Mailbox)))
	case a.Name != "":
		k.Display = casemap(DecodeHeader([]byte(a.Name)))
	default:
		k.Display = casemap(a.Mailbox + "@" + a.Host)
	}
	return k
}

// isAttachment reports whether the part is a file beside the message's text.
func (p *Part) isAttachment(root *Part) bool {
	switch {
	case p == root && p.IsText() || p.IsMultipart():
		return false
	case equalFoldASCII([]byte(p.Disposition), "attachment"):
		return true
	case equalFoldASCII([]byte(p.Disposition), "inline") || p.IsText():
		return false
	}
	return p.ID == "" && p.Filename() != ""
}
