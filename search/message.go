package search

import (
	"io"

	"poststube/message"
)

// headerFields are the fields that are written by themselves.
var headerFields = [...]string{From: "From", To: "To", Cc: "Cc", Bcc: "Bcc", Subject: "Subject"}

// Message writes all fields of a message, which is root from message.Parse or
// message.ParseStructure, and r its octets. The error is that of r; then the
// email is taken as opaque.
func (b *Batch) Message(root *message.Part, r io.ReaderAt) error {
	err := b.message(root, r)
	if err != nil {
		b.Opaque()
	}
	return err
}

func (b *Batch) message(root *message.Part, r io.ReaderAt) error {
	size := min(root.BodyStart-root.HeaderStart, message.MaxHeader)
	if int64(cap(b.header)) < size {
		b.header = make([]byte, size)
	}
	header := b.header[:size]
	if n, err := r.ReadAt(header, root.HeaderStart); int64(n) < size {
		return err
	}
	for field := range message.Fields(header) {
		for f, name := range headerFields {
			if field.Is(name) {
				b.Write(Field(f), append([]byte(message.DecodeHeader(field.Value)), '\n'))
			}
		}
	}
	write := func(f Field) func([]byte) bool {
		return func(text []byte) bool {
			b.Write(f, text)
			return true
		}
	}
	if err := root.Text(r, message.HeaderText, write(Header)); err != nil {
		return err
	}
	return root.Text(r, message.BodyText, write(Body))
}
