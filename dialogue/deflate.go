package dialogue

import (
	"compress/flate"
	"io"
	"net"
)

// A deflated is a connection over which everything is compressed (RFC 4978).
type deflated struct {
	net.Conn
	r io.Reader
	w *flate.Writer
}

func newDeflated(conn net.Conn) (*deflated, error) {
	w, err := flate.NewWriter(conn, flate.DefaultCompression)
	return &deflated{conn, flate.NewReader(conn), w}, err
}

func (d *deflated) Read(p []byte) (int, error) { return d.r.Read(p) }

func (d *deflated) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	if err == nil {
		err = d.w.Flush()
	}
	return n, err
}
