package message

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestNewDecoder(t *testing.T) {
	long := strings.Repeat(" ", 5000)
	for _, tt := range []struct{ encoding, in, want string }{
		{"", "a=41\r\n", "a=41\r\n"},
		{"7BIT", "x", "x"}, {"8bit", "\xff", "\xff"}, {"binary", "\x00", "\x00"},
		{"x-unknown", "=41", "=41"},

		{"base64", "", ""},
		{"BASE64", "QUJD", "ABC"},
		{"base64", "QUI=", "AB"}, {"base64", "QQ==", "A"},
		{"base64", "QUI", "AB"}, {"base64", "QQ", "A"}, {"base64", "Q", ""},
		{"base64", "Q\r\nU J\tD!", "ABC"},
		{"base64", "QQ==QUJD", "AABC"},
		{"base64", "QUJD====QQ", "ABCA"},
		{"base64", "-_\x00\xffQUJD", "ABC"},

		{"quoted-printable", "a=41=3D=c3=BC", "aA=ü"},
		{"Quoted-Printable", "soft=\r\nbreak=\nx= \t\r\ny", "softbreakxy"},
		{"quoted-printable", "trailing \t \r\nx", "trailing\r\nx"},
		{"quoted-printable", "trailing at the end \t ", "trailing at the end"},
		{"quoted-printable", "a\nb\r\nc", "a\r\nb\r\nc"},
		{"quoted-printable", "a\rb", "a\rb"},
		{"quoted-printable", "=", ""},
		{"quoted-printable", "=zz =4 =\rx ==41", "=zz =4 =\rx =A"},
		{"quoted-printable", "= x", "= x"},
		{"quoted-printable", "in  the   middle", "in  the   middle"},
		{"quoted-printable", "a" + long + "b", "a" + long + "b"},
		{"quoted-printable", "\xfc\x00", "\xfc\x00"},

		{"x-uuencode", "begin 644 x\r\n#0V%T\r\n`\r\nend\r\n", "Cat"},
		{"uue", "junk\r\nbegin 644 x\r\n#0V%T\r\n\r\nend\r\n#0V%T\r\n", "Cat"},
		{"x-uue", "begin 644 x\n#0V\n", "C`\x00"},
		{"uuencode", "begin 644 x\n" + strings.Repeat("x", 1000) + "\n#0V%T\nend", "Cat"},
		{"uuencode", strings.Repeat("x", 10000), ""},
	} {
		for _, split := range []bool{false, true} {
			in := io.Reader(strings.NewReader(tt.in))
			if split {
				in = iotest.OneByteReader(in)
			}
			got, err := io.ReadAll(NewDecoder(tt.encoding, in))
			if err != nil || string(got) != tt.want {
				t.Errorf("%s of %.80q in pieces %v: got %.80q, %v, want %.80q", tt.encoding, tt.in, split, got, err, tt.want)
			}
		}
	}
}

func TestKnownEncoding(t *testing.T) {
	for encoding, want := range map[string]bool{
		"": true, "7bit": true, "8BIT": true, "binary": true, "Base64": true, "QUOTED-PRINTABLE": true,
		"x-uuencode": true, "7-bit": false, "x-yencode": false, "base64 ": false,
	} {
		if got := KnownEncoding(encoding); got != want {
			t.Errorf("%q: got %v", encoding, got)
		}
	}
}

// TestDecodersRandom: what the standard library encodes is decoded again, in
// pieces of any size.
func TestDecodersRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 10_000).Draw(t, "data")
		var b64, qp bytes.Buffer
		w := base64.NewEncoder(base64.StdEncoding, &b64)
		_, _ = w.Write(data)
		_ = w.Close()
		text := bytes.ReplaceAll(data, newline, []byte("\r\n"))
		text = bytes.ReplaceAll(text, []byte("\r\r"), []byte("x"))
		q := quotedprintable.NewWriter(&qp)
		q.Binary = true
		_, _ = q.Write(text)
		_ = q.Close()
		for encoding, c := range map[string][2][]byte{"base64": {b64.Bytes(), data}, "quoted-printable": {qp.Bytes(), text}} {
			r := io.Reader(bytes.NewReader(c[0]))
			if rapid.Bool().Draw(t, "pieces") {
				r = iotest.HalfReader(r)
			}
			got, err := io.ReadAll(NewDecoder(encoding, r))
			if err != nil || !bytes.Equal(got, c[1]) {
				t.Fatalf("%s: %v, got %q, want %q", encoding, err, got, c[1])
			}
		}
	})
}

func BenchmarkDecoders(b *testing.B) {
	data := typicalMail(1)
	var qp bytes.Buffer
	w := quotedprintable.NewWriter(&qp)
	_, _ = w.Write(data)
	_ = w.Close()
	b64 := []byte(base64.StdEncoding.EncodeToString(data))
	for _, bench := range []struct {
		encoding string
		in       []byte
	}{{"base64", b64}, {"quoted-printable", qp.Bytes()}} {
		b.Run(bench.encoding, func(b *testing.B) {
			b.SetBytes(int64(len(bench.in)))
			for range b.N {
				if _, err := io.Copy(io.Discard, NewDecoder(bench.encoding, bytes.NewReader(bench.in))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
