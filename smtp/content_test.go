package smtp

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzContent compares the reader of DATA with the rules written down plainly:
// the message ends at the first <CRLF>.<CRLF>, or at once with .<CRLF>; a dot at
// the start of a line goes; a CR or LF outside of CRLF is refused. The octets
// come in pieces of any size, and are read in pieces of any size.
func FuzzContent(f *testing.F) {
	for _, end := range ends {
		f.Add([]byte("A: b\r\n\r\n..x"+end+"MAIL\r\n.\r\n"), uint8(1), uint8(1))
	}
	f.Add([]byte(".\r\n"), uint8(3), uint8(200))
	f.Add([]byte("\r\n.\r\n"), uint8(1), uint8(2))
	f.Add([]byte(".\rx\r\n.\r\n"), uint8(2), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, arrive, read uint8) {
		br := bufio.NewReaderSize(&pieces{in, int(arrive%64) + 1}, 16)
		dots := &dotReader{in: br}
		body := &content{src: dots, max: 1 << 20}
		got, err := readPieces(body, int(read%64)+1)
		if body.err != nil {
			// The rest is thrown away up to the true end, or the end of input.
			_ = dots.discard()
		}
		rest, restErr := io.ReadAll(br)
		if restErr != nil {
			t.Fatal(restErr)
		}

		want, behind, ended := plainMessage(in)
		bare := strings.ContainsAny(strings.ReplaceAll(string(want), "\r\n", ""), "\r\n")
		switch {
		case ended && !bare:
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("read %q, %v\nwant %q", got, err, want)
			}
		case err == nil:
			t.Errorf("%q was taken (ended %v, bare %v)", in, ended, bare)
		}
		if ended && !bytes.Equal(rest, behind) {
			t.Errorf("left %q behind the message, want %q", rest, behind)
		}
	})
}

// plainMessage splits in at the end of its message and takes the dots off.
func plainMessage(in []byte) (message, behind []byte, ended bool) {
	at := bytes.Index(append([]byte("\r\n"), in...), []byte("\r\n.\r\n"))
	if at < 0 {
		return in, nil, false
	}
	lines := bytes.ReplaceAll(append([]byte("\r\n"), in[:at]...), []byte("\r\n."), []byte("\r\n"))
	return lines[2:], in[at+3:], true
}

// pieces is a reader that hands out n octets at a time.
type pieces struct {
	rest []byte
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.n, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}

func readPieces(r io.Reader, size int) ([]byte, error) {
	var all []byte
	buf := make([]byte, size)
	for {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func BenchmarkContent(b *testing.B) {
	text := strings.Repeat("a line of usual length, as people write them in their mails, or so\r\n", 1000) + ".\r\n"
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	src := strings.NewReader(text)
	br := bufio.NewReaderSize(src, 16<<10)
	buf := make([]byte, 32<<10)
	for b.Loop() {
		src.Reset(text)
		br.Reset(src)
		body := &content{src: &dotReader{in: br}, max: 1 << 30}
		for {
			if _, err := body.Read(buf); err != nil {
				break
			}
		}
	}
}
