package mail

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"poststube/message"
)

// Where the octets of an email are.
const (
	bodyInStore = 1 // under bodyKey(body)
	bodyInBlob  = 2 // in the blob with the id body
)

// An emailRecord is what an email is, wherever it lies: where its octets are
// and everything about it that is rendered once, at arrival. The parts are kept
// encoded, in the order in which they are asked for most, and decoded when they
// are; decoded slices belong to the store.
type emailRecord struct {
	where    byte
	body     uint64
	summed   bool   // sum is known; emails of store format 1 have none
	sum      uint32 // CRC-32C of the octets
	rendered []byte
}

// The versions of an emailRecord: the second has a checksum of the octets.
const (
	emailUnsummed = 1
	emailVersion  = 2
)

func (e *emailRecord) encode(b []byte) []byte {
	if !e.summed {
		b = appendU(append(b, emailUnsummed, e.where), e.body)
		return append(b, e.rendered...)
	}
	b = appendU(append(b, emailVersion, e.where), e.body)
	b = binary.LittleEndian.AppendUint32(b, e.sum)
	return append(b, e.rendered...)
}

func decodeEmail(b []byte) (e emailRecord, err error) {
	d := dec{b: b}
	e.summed = len(b) > 0 && b[0] > emailUnsummed
	d.version(emailVersion)
	e.where = d.byte()
	e.body = d.u()
	if e.summed {
		e.sum = d.u32()
	}
	e.rendered = d.b
	return e, d.err()
}

// octetSum is the checksum of a message's octets: it goes with them through every
// back end and is compared when the store checks itself.
var octetSum = crc32.MakeTable(crc32.Castagnoli)

// maxReferences bounds how many references are kept for THREAD: the newest.
const maxReferences = 100

// renderEmail is what is kept of a summary.
func renderEmail(s *message.Summary) []byte {
	b := make([]byte, 0, len(s.Envelope)+len(s.Body)+len(s.BodyStructure)+len(s.Headers)+len(s.Structure)+512)
	b = appendBytes(b, s.Envelope)
	b = appendBytes(b, s.BodyStructure)
	b = append(b, byte(s.HeaderSet))
	b = appendBytes(b, s.Headers)
	b = appendBytes(b, s.Structure)
	b = appendU(b, uint64(s.HeaderSize))
	b = appendBytes(b, s.Body)
	b = appendBytes(b, s.Preview)
	// from here on what SORT, THREAD and date searches need
	flags := byte(0)
	if s.IsReply {
		flags |= 1
	}
	if s.HasAttachment {
		flags |= 2
	}
	if !s.Sent.IsZero() {
		flags |= 4
	}
	b = append(b, flags)
	_, east := s.Sent.Zone()
	b = appendI(b, s.Sent.Unix())
	b = appendI(b, int64(east/60))
	for _, key := range [...]string{s.BaseSubject, s.From.Mailbox, s.From.Display, s.To.Mailbox, s.To.Display, s.Cc.Mailbox, s.MessageID} {
		b = appendBytes(b, key)
	}
	refs := s.References[max(0, len(s.References)-maxReferences):]
	b = appendU(b, uint64(len(refs)))
	for _, id := range refs {
		b = appendBytes(b, id)
	}
	return b
}

// render fills in what is wanted of a message.
func (e *emailRecord) render(msg *Message, want Fields) error {
	d := dec{b: e.rendered}
	if want&WantRendered == 0 {
		for range 2 {
			d.bytes()
		}
		d.byte()
		d.bytes()
		msg.Structure = d.bytes()
		msg.HeaderSize = int64(d.u())
		return d.err()
	}
	msg.Envelope, msg.BodyStructure = d.bytes(), d.bytes()
	msg.HeaderSet = message.HeaderSet(d.byte())
	msg.Headers, msg.Structure = d.bytes(), d.bytes()
	msg.HeaderSize = int64(d.u())
	msg.Body, msg.preview = d.bytes(), d.bytes()
	return d.err()
}

// structure returns the part tree, encoded.
func (e *emailRecord) structure() ([]byte, error) {
	var m Message
	err := e.render(&m, WantStructure)
	return append([]byte(nil), m.Structure...), err
}

// Keys of an email by which messages are sorted, threaded and found. Strings
// are in the form that message.AppendCasemap gives, except for ids.
type emailKeys struct {
	headerSet  message.HeaderSet
	headers    []byte
	structure  []byte
	headerSize int64

	isReply, hasAttachment bool
	sent                   time.Time // zero if there is no Date field that can be read

	baseSubject, from, fromDisplay, to, toDisplay, cc, messageID []byte
	references                                                   [][]byte
}

func (e *emailRecord) keys(k *emailKeys) error {
	d := dec{b: e.rendered}
	d.bytes()
	d.bytes()
	k.headerSet = message.HeaderSet(d.byte())
	k.headers = d.bytes()
	k.structure = d.bytes()
	k.headerSize = int64(d.u())
	d.bytes()
	d.bytes()
	flags := d.byte()
	k.isReply, k.hasAttachment = flags&1 != 0, flags&2 != 0
	sent, east := d.i(), d.i()
	k.sent = time.Time{}
	if flags&4 != 0 {
		k.sent = time.Unix(sent, 0).In(zone(int(east)))
	}
	for _, s := range [...]*[]byte{&k.baseSubject, &k.from, &k.fromDisplay, &k.to, &k.toDisplay, &k.cc, &k.messageID} {
		*s = d.bytes()
	}
	k.references = k.references[:0]
	for range d.count() {
		k.references = append(k.references, d.bytes())
	}
	return d.err()
}

// threadHashes returns what the thread index knows the email by.
func (e *emailRecord) threadHashes() ([]uint64, error) {
	var k emailKeys
	if err := e.keys(&k); err != nil {
		return nil, err
	}
	refs := make([]string, len(k.references))
	for i, r := range k.references {
		refs[i] = string(r)
	}
	return threadHashes(string(k.messageID), refs), nil
}
