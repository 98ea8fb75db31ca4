package message

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// typicalMail makes a message as people send them: some 6 KiB, half of them
// plain text, half multipart/alternative with a quoted-printable HTML part.
func typicalMail(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	words := strings.Fields("the quick project mail of meeting please we can find attached report next week thanks regards offer server price and with about from")
	text := func(n int) string {
		var b strings.Builder
		for line := 0; b.Len() < n; {
			w := words[r.IntN(len(words))]
			b.WriteString(w)
			if line += len(w) + 1; line > 66 {
				b.WriteString("\r\n")
				line = 0
			} else {
				b.WriteByte(' ')
			}
		}
		return b.String()
	}
	var b bytes.Buffer
	for range 4 {
		fmt.Fprintf(&b, "Received: from relay%d.example.net (relay.example.net [192.0.2.%d])\r\n\tby mx.example.org (Postfix) with ESMTPS id %x\r\n\tfor <anna@example.org>; Tue, 3 Mar 2026 10:%02d:00 +0100 (CET)\r\n", r.IntN(9), r.IntN(255), r.Uint64(), r.IntN(60))
	}
	fmt.Fprintf(&b, "Message-ID: <%x@example.net>\r\nReferences: <%x@example.org>\r\n <%x@example.org>\r\nIn-Reply-To: <%x@example.org>\r\n", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64())
	b.WriteString("Date: Tue, 3 Mar 2026 10:11:12 +0100\r\nFrom: =?utf-8?q?Benj=C3=A4min?= Example <ben@example.net>\r\nTo: Anna <anna@example.org>, \"Clara, C.\" <clara@example.org>\r\nCc: dora@example.org\r\nSubject: Re: [sales] the report of next week\r\nMIME-Version: 1.0\r\nUser-Agent: Example Mail 1.0\r\n")
	b.WriteString("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=mail;\r\n\th=date:from:to:subject; bh=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG=;\r\n\tb=" + strings.Repeat("abcdefgh", 40) + "\r\n")
	if seed%2 == 0 {
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n" + text(4600))
	} else {
		b.WriteString("Content-Type: multipart/alternative; boundary=\"b1_0123456789abcdef\"\r\n\r\n--b1_0123456789abcdef\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		b.WriteString(text(1500))
		b.WriteString("\r\n--b1_0123456789abcdef\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><body><p style=3D\"x\">")
		b.WriteString(text(2600))
		b.WriteString("</p></body></html>\r\n--b1_0123456789abcdef--\r\n")
	}
	return b.Bytes()
}

func typicalMails() (mails [][]byte, size int64) {
	for i := range uint64(64) {
		m := typicalMail(i)
		mails = append(mails, m)
		size += int64(len(m))
	}
	return mails, size / int64(len(mails))
}

func BenchmarkParse(b *testing.B) {
	mails, size := typicalMails()
	b.SetBytes(size)
	b.ReportAllocs()
	for i := range b.N {
		m := mails[i%len(mails)]
		if _, err := Parse(bytes.NewReader(m), int64(len(m))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseLarge is a message with a 25 MiB attachment.
func BenchmarkParseLarge(b *testing.B) {
	line := strings.Repeat("QUJD", 19) + "\r\n"
	m := []byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		strings.Repeat(line, 25<<20/len(line)) + "--b--\r\n")
	b.SetBytes(int64(len(m)))
	b.ReportAllocs()
	for range b.N {
		if _, err := Parse(bytes.NewReader(m), int64(len(m))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSummarize(b *testing.B) {
	mails, size := typicalMails()
	b.SetBytes(size)
	b.ReportAllocs()
	for i := range b.N {
		m := mails[i%len(mails)]
		if _, err := Summarize(bytes.NewReader(m), int64(len(m))); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

func BenchmarkCorpus(b *testing.B) {
	var mails [][]byte
	size := 0
	for _, m := range corpus(b) {
		mails = append(mails, m)
		size += len(m)
	}
	for _, bench := range []struct {
		name string
		run  func(m []byte) error
	}{
		{"Parse", func(m []byte) error {
			_, err := Parse(bytes.NewReader(m), int64(len(m)))
			return err
		}},
		{"Summarize", func(m []byte) error {
			_, err := Summarize(bytes.NewReader(m), int64(len(m)))
			return err
		}},
		{"Text", func(m []byte) error {
			root, err := Parse(bytes.NewReader(m), int64(len(m)))
			if err != nil {
				return err
			}
			return root.Text(bytes.NewReader(m), AllText, func([]byte) bool { return true })
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(size / len(mails)))
			for i := range b.N {
				if err := bench.run(mails[i%len(mails)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseStructure(b *testing.B) {
	m := typicalMail(1)
	root, err := Parse(bytes.NewReader(m), int64(len(m)))
	if err != nil {
		b.Fatal(err)
	}
	stored := root.AppendStructure(nil)
	b.ReportAllocs()
	for range b.N {
		if _, err := ParseStructure(stored); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(stored)), "octets")
}
