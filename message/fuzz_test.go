package message

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"
)

// addSeeds adds messages that are written down in tests, and the smaller
// ones of the corpus where there is one.
func addSeeds(f *testing.F) {
	for _, s := range []string{
		"", "\r\n", rfcExample, someHeader, string(typicalMail(0)), string(typicalMail(1)),
		mp("b", "--b\r\nContent-Type: message/rfc822\r\n\r\nTo: g: a@b;\r\n--b\r\n\r\nx\r\n--b--"),
		"Content-Type: multipart/digest; boundary*0=a; boundary*1=\"b\"\n\n--ab\n\nSubject: =?utf-8?b?w7w=?=\n\n\x00\n--ab--",
		"Content-Type: text/html; charset=utf-7\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Disposition: attachment; filename*=utf-8''%c3\r\n\r\n<p>+AOk-=\r\n&auml;",
	} {
		f.Add([]byte(s))
	}
	all, err := corpusMessages()
	if err != nil {
		f.Fatal(err)
	}
	for name, data := range all {
		// The torture sets, not the thousands of similar real ones.
		if len(data) <= 4<<10 && !strings.HasPrefix(name, "spamassassin") && len(name)%3 == 0 {
			f.Add(data)
		}
	}
}

// FuzzParse: any octets are a message whose offsets, stored form, IMAP forms
// and text hold what checkMessage says, in linear time and memory.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		root := checkMessage(t, "fuzz", data)
		// Generous: other workers share the machine. Quadratic work on the
		// inputs of a megabyte that fuzzing grows to is far beyond it.
		if took := time.Since(start); took > time.Second+time.Duration(len(data))*20*nanosPerOctet {
			t.Errorf("%d octets took %v", len(data), took)
		}
		parts := 0
		root.Walk(func(*Part) bool { parts++; return true })
		memory := allocatedBy(func() { _, _ = Parse(bytes.NewReader(data), int64(len(data))) })
		if limit := uint64(len(data)*4*bytesPerOctet + parts*bytesPerPart + 2*fixedBytes); memory > limit {
			t.Errorf("%d octets with %d parts took %d octets of memory", len(data), parts, memory)
		}
		// Pieces of the source make no difference.
		again, err := Parse(halfReaderAt{bytes.NewReader(data)}, int64(len(data)))
		if err != nil || !bytes.Equal(again.AppendBodyStructure(nil, true), root.AppendBodyStructure(nil, true)) {
			t.Errorf("read in pieces: %v", err)
		}
	})
}

// halfReaderAt is an io.ReaderAt of which each read must be asked for in full.
type halfReaderAt struct{ r io.ReaderAt }

func (h halfReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := io.ReadFull(iotest.HalfReader(io.NewSectionReader(h.r, off, int64(len(p)))), p)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// FuzzParseStructure: damaged structures are refused or harmless.
func FuzzParseStructure(f *testing.F) {
	for _, s := range []string{rfcExample, string(typicalMail(1)), ""} {
		root, err := Parse(strings.NewReader(s), int64(len(s)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(root.AppendStructure(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p *Part
		var err error
		if memory := allocatedBy(func() { p, err = ParseStructure(b) }); memory > uint64(len(b)*400+fixedBytes) {
			t.Errorf("%d octets took %d octets of memory", len(b), memory)
		}
		if err != nil {
			return
		}
		checkOffsets(t, p, 0, maxOffset)
		again, err := ParseStructure(p.AppendStructure(nil))
		if err != nil || !bytes.Equal(again.AppendStructure(nil), p.AppendStructure(nil)) {
			t.Errorf("not stable: %v", err)
		}
		checkWire(t, "fuzz", p.AppendBodyStructure(nil, true))
	})
}

// FuzzHeader: every reader of header values takes any octets.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		"", "a@b", `"A, B" <@r:a."b"@[c]> (d), g: e;`, "=?utf-8?q?=C3?= =?utf-8?b?vA==?=", "Fri, 21 Nov 1997 09:55:06 -0600",
		"<a@b> <c@d>", `text/plain; a*0*=utf-8'de'%c3; a*1="b"`, "Re: [x] [fwd: y (fwd)]", "(((\"\\", "\xff\x00\r\n \xe2\x82",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		list := ParseAddressList(v)
		if len(list) > MaxAddresses {
			t.Errorf("%d addresses", len(list))
		}
		open := false
		for _, a := range list {
			switch a.Role {
			case GroupStart:
				if open {
					t.Errorf("group within a group: %+v", list)
				}
				open = true
			case GroupEnd:
				if !open {
					t.Errorf("group ends without start: %+v", list)
				}
				open = false
			default:
				if a.Mailbox == "" || a.Host == "" {
					t.Errorf("address without mailbox or host: %+v", a)
				}
			}
		}
		if open && len(list) < MaxAddresses {
			t.Errorf("group without end: %+v", list)
		}
		checkWire(t, "addresses", appendAddressList(nil, list))
		if s := DecodeHeader(v); !utf8.ValidString(s) {
			t.Errorf("not UTF-8: %q", s)
		}
		if when, ok := ParseDate(v); ok && (when.Year() < 0 || when.Year() > 10_000) {
			t.Errorf("year %d", when.Year())
		}
		for _, id := range ParseMessageIDs(v) {
			if id == "" || strings.ContainsAny(id, "\r\n") {
				t.Errorf("id %q", id)
			}
		}
		typ, subtype, params := parseContentType(v)
		checkWire(t, "type", appendString(appendString(nil, typ), subtype))
		checkWire(t, "params", appendParams(nil, params, true))
		for _, p := range params {
			if text := DecodeParam(p); !utf8.ValidString(text) {
				t.Errorf("%s not UTF-8: %q", p.Name, text)
			}
		}
		if len(params) > MaxParams {
			t.Errorf("%d parameters", len(params))
		}
		header := append(append([]byte("Subject: "), v...), "\r\n\r\n"...)
		joined := []byte(nil)
		for field := range Fields(header) {
			joined = append(joined, field.Raw...)
		}
		if !bytes.HasPrefix(header, joined) {
			t.Errorf("fields %q are not those of %q", joined, header)
		}
		with, without := AppendFields(nil, header, []string{"subject"}, false), AppendFields(nil, header, []string{"subject"}, true)
		if got, want := len(with)+len(without), len(joined)+2*emptyLine(header[len(joined):]); got != want {
			t.Errorf("selected fields have %d octets, want %d", got, want)
		}
	})
}

// FuzzDecoders: every decoder takes any octets, and pieces make no difference.
func FuzzDecoders(f *testing.F) {
	for _, s := range []string{"", "QUJD\r\nQQ==", "a=3D=\r\n b \r\n=", "begin 644 x\n#0V%T\nend\n", "+AOk-", "\x1b$B$\"\x1b(B", "<a href='>'>&amp;<!-- -->"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, encoding := range []string{"base64", "quoted-printable", "x-uuencode", "7bit"} {
			whole, err := io.ReadAll(NewDecoder(encoding, bytes.NewReader(data)))
			if err != nil {
				t.Errorf("%s: %v", encoding, err)
			}
			pieces, err := io.ReadAll(NewDecoder(encoding, iotest.OneByteReader(bytes.NewReader(data))))
			if err != nil || !bytes.Equal(whole, pieces) {
				t.Errorf("%s in pieces: %v, %q, want %q", encoding, err, pieces, whole)
			}
		}
		for _, charset := range []string{"utf-8", "utf-7", "iso-2022-jp", "utf-16", "gb18030", "windows-1252", "hz-gb-2312"} {
			r, ok := CharsetReader(charset, bytes.NewReader(data))
			if !ok {
				t.Fatalf("%s unknown", charset)
			}
			if text, err := io.ReadAll(r); err != nil || !utf8.Valid(text) {
				t.Errorf("%s: %v, %q", charset, err, text)
			}
		}
		var whole, pieces htmlText
		text := whole.end(whole.append(nil, data))
		var b []byte
		for i := range data {
			b = pieces.append(b, data[i:i+1])
		}
		if b = pieces.end(b); !bytes.Equal(text, b) {
			t.Errorf("HTML in pieces: %q, want %q", b, text)
		}
	})
}

// FuzzBaseSubject: the base subject is what the steps of the RFC give, and its
// own base subject once nothing is marked.
func FuzzBaseSubject(f *testing.F) {
	for _, s := range []string{"", "Re: [a] [b] fwd: x (fwd)", "[fwd: [fwd: re[1]: x]]", "[a", "re [a] [b]: x", " \t (fwd)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		base, _ := BaseSubject(s)
		if len(base) > len(s) {
			t.Errorf("%q is longer than %q", base, s)
		}
		if strings.ContainsAny(s, "\r\n") {
			return // the steps below know no folding
		}
		if want := baseSubjectBySteps(s); base != want {
			t.Errorf("%q: got %q, want %q", s, base, want)
		}
	})
}
