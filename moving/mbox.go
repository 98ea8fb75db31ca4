package moving

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
)

// MboxIDs identifies the messages of one mbox file. A file gives its messages no
// names, and their places in it change; so a message is known by its octets, and
// among equal ones by which of them it is.
type MboxIDs struct {
	seen   map[[sha256.Size]byte]int
	memory bytes.Buffer
}

// NewMboxIDs begins a file.
func NewMboxIDs() *MboxIDs { return &MboxIDs{seen: map[[sha256.Size]byte]int{}} }

// Identify returns the source of the next message and a reader of it, which is
// valid until the next call. Of a long message the first 4 MiB count.
func (ids *MboxIDs) Identify(r io.Reader) (source string, body io.Reader, err error) {
	if body, err = readAhead(r, &ids.memory); err != nil {
		return "", nil, err
	}
	if body == nil {
		body = bytes.NewReader(nil)
	}
	h := sha256.Sum256(ids.memory.Bytes())
	ids.seen[h]++
	return fmt.Sprintf("mbox\x00%x %d", h, ids.seen[h]), body, nil
}
