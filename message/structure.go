package message

import (
	"encoding/binary"
	"errors"
	"strings"
)

// structureVersion is the first octet of a stored structure.
const structureVersion = 1

// ErrStructure says that stored octets are no structure of a version that this
// program knows. What it describes has to be parsed again.
var ErrStructure = errors.New("message: stored structure is damaged or of an unknown version; parse the message again")

// What follows the fixed fields of a stored part.
const (
	hasParams = 1 << iota
	hasEncoding
	hasID
	hasDisposition
	hasLanguage
	hasLocation
	hasChildren
)

// AppendStructure appends a compact form of the tree, to be stored beside the
// message. It has what FETCH BODY[section], BINARY, search and the listing of
// attachments need: offsets, lines, types and their parameters, encodings,
// dispositions, ids, languages and locations. It leaves out the boundary
// parameter, Description, MD5 and Envelope. A typical message takes 20 octets.
// The
// receiver must be the message itself.
func (p *Part) AppendStructure(dst []byte) []byte {
	return p.appendStructure(append(dst, structureVersion), 0)
}

// appendStructure appends a part. cursor is where its header could start at
// the earliest: offsets are stored as distances.
func (p *Part) appendStructure(dst []byte, cursor int64) []byte {
	flags := uint64(0)
	set := func(cond bool, flag uint64) {
		if cond {
			flags |= flag
		}
	}
	set(storedParams(p.Params) > 0, hasParams)
	set(p.Encoding != "", hasEncoding)
	set(p.ID != "", hasID)
	set(p.Disposition != "", hasDisposition)
	set(len(p.Language) > 0, hasLanguage)
	set(p.Location != "", hasLocation)
	set(len(p.Children) > 0, hasChildren)

	dst = binary.AppendUvarint(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(p.HeaderStart-cursor))
	dst = binary.AppendUvarint(dst, uint64(p.BodyStart-p.HeaderStart))
	dst = binary.AppendUvarint(dst, uint64(p.End-p.BodyStart))
	dst = binary.AppendUvarint(dst, uint64(p.Lines))
	dst = appendWord(dst, p.Type)
	dst = appendWord(dst, p.Subtype)
	if flags&hasParams != 0 {
		dst = appendStoredParams(dst, p.Params)
	}
	if flags&hasEncoding != 0 {
		dst = appendWord(dst, p.Encoding)
	}
	if flags&hasID != 0 {
		dst = appendWord(dst, p.ID)
	}
	if flags&hasDisposition != 0 {
		dst = appendWord(dst, p.Disposition)
		dst = appendStoredParams(dst, p.DispositionParams)
	}
	if flags&hasLanguage != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(p.Language)))
		for _, tag := range p.Language {
			dst = appendWord(dst, tag)
		}
	}
	if flags&hasLocation != 0 {
		dst = appendWord(dst, p.Location)
	}
	if flags&hasChildren != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(p.Children)))
		cursor = p.BodyStart
		for _, c := range p.Children {
			dst = c.appendStructure(dst, cursor)
			cursor = c.End
		}
	}
	return dst
}

func storedParams(params []Param) int {
	n := len(params)
	for _, p := range params {
		if isBoundaryParam(p) {
			n--
		}
	}
	return n
}

func isBoundaryParam(p Param) bool {
	return strings.EqualFold(p.Name, "boundary") || strings.EqualFold(p.Name, "boundary*")
}

func appendStoredParams(dst []byte, params []Param) []byte {
	dst = binary.AppendUvarint(dst, uint64(storedParams(params)))
	for _, p := range params {
		if !isBoundaryParam(p) {
			dst = appendWord(dst, p.Name)
			dst = appendWord(dst, p.Value)
		}
	}
	return dst
}

// storedWords are written as one octet. The order is part of the format: new
// words go to the end.
var storedWords = [...]string{
	"text", "plain", "html", "multipart", "mixed", "alternative", "related",
	"message", "rfc822", "application", "octet-stream", "pdf", "image", "jpeg",
	"png", "gif", "charset", "us-ascii", "utf-8", "UTF-8", "iso-8859-1",
	"ISO-8859-1", "windows-1252", "Windows-1252", "format", "flowed", "delsp",
	"yes", "name", "filename", "size", "type", "7bit", "8bit", "7BIT", "8BIT",
	"base64", "quoted-printable", "attachment", "inline", "signed", "report",
	"pgp-signature", "TEXT", "PLAIN", "US-ASCII", "delivery-status", "calendar",
}

// storedWordCodes is storedWords turned around.
var storedWordCodes = func() map[string]byte {
	m := make(map[string]byte, len(storedWords))
	for i, w := range storedWords {
		m[w] = byte(i)
	}
	return m
}()

// appendWord appends a string: an even number is twice the code of a stored
// word, an odd one twice the length of what follows, plus one.
func appendWord(dst []byte, s string) []byte {
	if code, ok := storedWordCodes[s]; ok {
		return append(dst, 2*code)
	}
	dst = binary.AppendUvarint(dst, 2*uint64(len(s))+1)
	return append(dst, s...)
}

// ParseStructure reads what AppendStructure wrote. It checks everything that the
// rest of the package relies on: on damaged octets it returns ErrStructure.
func ParseStructure(b []byte) (*Part, error) {
	if len(b) == 0 || b[0] != structureVersion {
		return nil, ErrStructure
	}
	r := structureReader{b: b[1:]}
	p := r.part(0, maxOffset, 0)
	if r.failed || len(r.b) != 0 {
		return nil, ErrStructure
	}
	return p, nil
}

// maxOffset keeps sums of offsets from overflowing.
const maxOffset = 1 << 50

type structureReader struct {
	b      []byte
	parts  int
	failed bool
}

func (r *structureReader) fail() { r.failed, r.b = true, nil }

// uint reads a number of at most limit.
func (r *structureReader) uint(limit int64) int64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(limit) {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return int64(v)
}

func (r *structureReader) word() string {
	v := r.uint(maxOffset)
	if v&1 == 0 {
		if v/2 >= int64(len(storedWords)) {
			r.fail()
			return ""
		}
		return storedWords[v/2]
	}
	if v/2 > int64(len(r.b)) {
		r.fail()
		return ""
	}
	s := string(r.b[:v/2])
	r.b = r.b[v/2:]
	return s
}

func (r *structureReader) params() []Param {
	// Each parameter takes at least two octets.
	n := r.uint(min(MaxParams, int64(len(r.b))/2))
	params := make([]Param, 0, n)
	for range n {
		params = append(params, Param{r.word(), r.word()})
	}
	return params
}

// part reads a part that lies within [cursor,end).
func (r *structureReader) part(cursor, end int64, depth int) *Part {
	r.parts++
	if r.parts > MaxParts || depth > MaxNesting {
		r.fail()
		return nil
	}
	flags := r.uint(2*hasChildren - 1)
	p := &Part{}
	p.HeaderStart = cursor + r.uint(end-cursor)
	p.BodyStart = p.HeaderStart + r.uint(end-p.HeaderStart)
	p.End = p.BodyStart + r.uint(end-p.BodyStart)
	p.Lines = r.uint(p.Size())
	p.Type = r.word()
	p.Subtype = r.word()
	if flags&hasParams != 0 {
		p.Params = r.params()
	}
	if flags&hasEncoding != 0 {
		p.Encoding = r.word()
	}
	if flags&hasID != 0 {
		p.ID = r.word()
	}
	if flags&hasDisposition != 0 {
		p.Disposition = r.word()
		p.DispositionParams = r.params()
	}
	if flags&hasLanguage != 0 {
		for range r.uint(min(MaxParams, int64(len(r.b)))) {
			p.Language = append(p.Language, r.word())
		}
	}
	if flags&hasLocation != 0 {
		p.Location = r.word()
	}
	if flags&hasChildren != 0 {
		cursor = p.BodyStart
		for range r.uint(min(MaxParts, int64(len(r.b)))) {
			c := r.part(cursor, p.End, depth+1)
			if r.failed {
				return nil
			}
			p.Children = append(p.Children, c)
			cursor = c.End
		}
	}
	return p
}
