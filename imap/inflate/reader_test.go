package inflate

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// deflate compresses pieces, with a flush behind each.
func deflate(t testing.TB, level int, pieces ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		io.WriteString(w, p)
		w.Flush()
	}
	return b.Bytes()
}

// A stepReader gives its input in steps, and then says that one has to wait.
type stepReader struct{ steps [][]byte }

var errBlocked = errors.New("this would block")

func (s *stepReader) Read(p []byte) (int, error) {
	if len(s.steps) == 0 {
		return 0, errBlocked
	}
	n := copy(p, s.steps[0])
	if s.steps[0] = s.steps[0][n:]; len(s.steps[0]) == 0 {
		s.steps = s.steps[1:]
	}
	return n, nil
}

// receive reads until the reader would block.
func receive(r io.Reader) (string, error) {
	var got strings.Builder
	_, err := io.Copy(&got, r)
	return got.String(), err
}

// sample is n octets that can be compressed somewhat, with references far back.
func sample(n int, seed uint64) string {
	rng := rand.New(rand.NewPCG(seed, 1))
	var b []byte
	for len(b) < n {
		switch rng.IntN(4) {
		case 0:
			for range rng.IntN(300) {
				b = append(b, byte(rng.Uint32()))
			}
		case 1:
			b = append(b, strings.Repeat(string(rune('a'+rng.IntN(26))), rng.IntN(600))...)
		default:
			if len(b) > 0 {
				at := max(0, len(b)-1-rng.IntN(40<<10))
				b = append(b, b[at:min(len(b), at+rng.IntN(400))]...)
			}
		}
	}
	return string(b[:n])
}

func TestRead(t *testing.T) {
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		for _, size := range []int{0, 1, 300, 70_000, 500_000} {
			text := sample(size, uint64(size))
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, level)
			io.WriteString(w, text)
			w.Close()
			for name, in := range map[string]io.Reader{"whole": &b, "octets": iotest.OneByteReader(bytes.NewReader(bytes.Clone(b.Bytes())))} {
				r := NewReader(bufio.NewReader(in))
				got, err := io.ReadAll(r)
				if err != nil || string(got) != text {
					t.Errorf("level %d, %d octets, %s: got %d, %v", level, size, name, len(got), err)
				}
				if c := cap(r.window); c > 2*(history+slack) {
					t.Errorf("level %d, %d octets: the window has grown to %d", level, size, c)
				}
			}
		}
	}
}

// Commands as zlib compresses them with each kind of flush. Behind the partial
// flush and the block there is no empty stored block, which is what package
// compress/flate waits for.
var flushes = map[string]string{
	"Z_SYNC_FLUSH":    "4a54f0f3f70fe0e502000000ffff",
	"Z_FULL_FLUSH":    "4a54f0f3f70fe0e502000000ffff",
	"Z_PARTIAL_FLUSH": "4a54f0f3f70fe0e50208",
	"Z_FINISH":        "4b54f0f3f70fe0e50200",
}

func TestEveryFlush(t *testing.T) {
	for name, text := range flushes {
		in, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		const want = "a NOOP\r\n"
		p := make([]byte, 100)
		r := NewReader(bufio.NewReader(&stepReader{[][]byte{in}}))
		n, err := r.Read(p)
		if got := string(p[:n]); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		// What follows is not compressed.
		r = NewReader(bufio.NewReader(&stepReader{[][]byte{append(in, "b LOGIN anna secret\r\n"...)}}))
		if n, err = r.Read(p); string(p[:n]) != want || err != nil {
			t.Errorf("%s: %q, %v", name, p[:n], err)
		}
		beyond, err := r.End()
		if err != nil {
			t.Errorf("%s: end: %v", name, err)
		}
		rest, _ := io.ReadAll(r.in)
		if got := string(beyond) + string(rest); got != "b LOGIN anna secret\r\n" {
			t.Errorf("%s: beyond the end: %q", name, got)
		}
	}
}

// TestHandsOutEarly gives input octet by octet: whatever could be decoded is
// handed out before anything is waited for.
func TestHandsOutEarly(t *testing.T) {
	pieces := []string{"a NOOP\r\n", "b FETCH 1:* (FLAGS UID)\r\n", "c FETCH 1:* (FLAGS UID)\r\n", sample(5000, 3)}
	var steps [][]byte
	for _, c := range deflate(t, 6, pieces...) {
		steps = append(steps, []byte{c})
	}
	for n := range len(steps) + 1 {
		r := NewReader(bufio.NewReader(&stepReader{slices.Clone(steps[:n])}))
		got, err := receive(r)
		if err != errBlocked {
			t.Fatalf("after %d octets: %v", n, err)
		}
		if !strings.HasPrefix(strings.Join(pieces, ""), got) {
			t.Fatalf("after %d octets: %q", n, got)
		}
		if n == len(steps) && got != strings.Join(pieces, "") {
			t.Fatalf("in the end: %d octets", len(got))
		}
	}
}

// TestEndWaits finds the end of the compressed octets when it comes later than
// what they hold.
func TestEndWaits(t *testing.T) {
	in := append(deflate(t, 1, "a UNAUTHENTICATE\r\n"), "b"...)
	for cut := len(in) - 6; cut <= len(in); cut++ {
		r := NewReader(bufio.NewReader(&stepReader{[][]byte{in[:cut], in[cut:]}}))
		var got []byte
		p := make([]byte, 64)
		for !bytes.HasSuffix(got, []byte("\r\n")) {
			n, err := r.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p[:n]...)
		}
		beyond, err := r.End()
		rest, _ := io.ReadAll(r.in)
		if err != nil || string(beyond)+string(rest) != "b" {
			t.Errorf("cut at %d: %q and %q, %v", cut, beyond, rest, err)
		}
	}
	r := NewReader(bufio.NewReader(bytes.NewReader(deflate(t, 1, "a UNAUTHENTICATE\r\nb NOOP\r\n"))))
	r.Read(make([]byte, 18))
	if _, err := r.End(); err != ErrData {
		t.Errorf("octets that should not be there: %v", err)
	}
}

func TestDamage(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"nothing", "", io.ErrUnexpectedEOF},
		{"a block of the reserved kind", "07", ErrData},
		{"a stored length without its complement", "0001000000", ErrData},
		{"cut in a stored block", "000500faff6162", io.ErrUnexpectedEOF},
		{"a distance before the beginning", "030200", ErrData},
		{"too many literals", "fdffff", ErrData},
	} {
		in, err := hex.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		r := NewReader(bufio.NewReader(bytes.NewReader(in)))
		if _, err := io.ReadAll(r); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if _, again := r.Read(make([]byte, 1)); again != c.want {
			t.Errorf("%s: then %v, want %v", c.name, again, c.want)
		}
	}
}

// FuzzRead compares with package compress/flate.
func FuzzRead(f *testing.F) {
	for level := flate.HuffmanOnly; level <= 6; level++ {
		f.Add(deflate(f, level, "a NOOP\r\n", "b NOOP\r\n", sample(900, 1)))
	}
	for _, text := range flushes {
		in, _ := hex.DecodeString(text)
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 1 << 20
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(in)), limit))
		got, err := io.ReadAll(io.LimitReader(NewReader(bufio.NewReaderSize(bytes.NewReader(in), 16)), limit))
		octets, octetsErr := io.ReadAll(io.LimitReader(NewReader(bufio.NewReader(iotest.OneByteReader(bytes.NewReader(in)))), limit))
		if !bytes.Equal(got, octets) || err != octetsErr {
			t.Fatalf("%d octets and %v at once, %d and %v octet by octet", len(got), err, len(octets), octetsErr)
		}
		switch {
		case err == ErrData:
			// compress/flate takes a block that can't end.
			if !bytes.HasPrefix(want, got) && !bytes.HasPrefix(got, want) {
				t.Fatalf("%q, want %q", got, want)
			}
		case (err == nil) != (wantErr == nil):
			t.Fatalf("error %v, want %v", err, wantErr)
		case err == nil && !bytes.Equal(got, want), !bytes.HasPrefix(got, want):
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var text strings.Builder
	for text.Len() < 1<<20 {
		text.WriteString("The quick brown fox jumps over the lazy dog, and number ")
		text.WriteString(sample(20, uint64(text.Len())))
	}
	in := deflate(b, 6, text.String())
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		r := NewReader(bufio.NewReaderSize(bytes.NewReader(in), 1<<10))
		if n, _ := io.Copy(io.Discard, r); n != int64(text.Len()) {
			b.Fatal(n)
		}
	}
}

// partialFlush compresses a text as zlib does with fixed codes, and flushes it by
// Z_PARTIAL_FLUSH: bits that don't fill an octet are kept back.
func partialFlush(text string) []byte {
	var out []byte
	var n uint
	put := func(value, bits uint) {
		for i := range bits {
			if n%8 == 0 {
				out = append(out, 0)
			}
			out[n/8] |= byte(value>>i&1) << (n % 8)
			n++
		}
	}
	code := func(value, bits uint) { // codes are sent from their highest bit on
		for i := range bits {
			put(value>>(bits-1-i), 1)
		}
	}
	put(2, 3)
	for _, c := range []byte(text) {
		if c < 144 {
			code(0x30+uint(c), 8)
		} else {
			code(0x190+uint(c)-144, 9)
		}
	}
	code(0, 7)
	put(2, 3)
	code(0, 7)
	return out[:n/8]
}

// TestPartialFlush ends blocks at each bit of an octet.
func TestPartialFlush(t *testing.T) {
	for n := range 16 {
		text := strings.Repeat("\xe4", n) + "\r\n"
		in := partialFlush(text)
		r := NewReader(bufio.NewReader(&stepReader{[][]byte{in}}))
		if got, err := receive(r); got != text || err != errBlocked {
			t.Errorf("%d: %q, %v", n, got, err)
		}
		for cut := range len(in) {
			r = NewReader(bufio.NewReader(&stepReader{[][]byte{slices.Clone(in[:cut]), slices.Clone(in[cut:]), []byte("plain")}}))
			if _, err := io.ReadFull(r, make([]byte, len(text))); err != nil {
				t.Fatal(err)
			}
			beyond, err := r.End()
			rest, _ := io.ReadAll(r.in)
			if got := string(beyond) + string(rest); got != "plain" || err != nil {
				t.Errorf("%d, cut at %d: beyond the end %q, %v", n, cut, got, err)
			}
		}
	}
}
