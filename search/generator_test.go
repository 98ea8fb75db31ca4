package search

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	"strings"
)

// Words that benchmarks look for.
const (
	rareWord    = "zwielichtwaldmeister" // in the body of one message in 10,007
	commonWord  = "sitzung"              // in the body of half
	subjectWord = "quartalsbericht"      // in the subject of one in a hundred
	fromWord    = "muellerstadt"         // in the sender of one in two hundred
)

// A generator makes messages like those of an office: several languages, threads,
// HTML beside plain text, some attachments, a median of 6 KiB. Each number gives
// always the same message.
type generator struct {
	words      []string
	paragraphs []string
	people     []string
	blob       string
}

func newGenerator() *generator {
	rng := rand.New(rand.NewPCG(1, 2))
	g := &generator{}
	syllables := strings.Fields("an ber da del en fa ge hau in ka lei mo na or pe ra sche ta un ver wo zu ing ment tion kon stel lung gra fie bau ter min lis te ab schluss")
	for range 20000 {
		var w strings.Builder
		for range 2 + rng.IntN(4) {
			w.WriteString(syllables[rng.IntN(len(syllables))])
		}
		g.words = append(g.words, w.String())
	}
	first := strings.Fields("Anna Jürgen Søren Łukasz Maria Peter Zoë Björn Chloé Emre Günther Håkon Inês Käthe")
	last := strings.Fields("Müller Schmidt Nguyen Øster Kowalski García Dvořák Yılmaz Becker Weiß Lang")
	for i := range 500 {
		domain := fmt.Sprintf("firma%d", i%37)
		if i%200 == 0 {
			domain = fromWord
		}
		name := mime.QEncoding.Encode("utf-8", first[i%len(first)]+" "+last[(i/len(first))%len(last)])
		g.people = append(g.people, fmt.Sprintf("%s <person%d@%s.example>", name, i, domain))
	}
	for range 3000 {
		var p strings.Builder
		for n := 150 + rng.IntN(400); p.Len() < n; {
			p.WriteString(g.word(rng))
			p.WriteString([]string{". Äußerst ", ", ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " "}[rng.IntN(14)])
		}
		g.paragraphs = append(g.paragraphs, p.String())
	}
	raw := make([]byte, 256<<10)
	for i := range raw {
		raw[i] = byte(rng.Uint32())
	}
	var blob strings.Builder
	for enc := base64.StdEncoding.EncodeToString(raw); len(enc) > 76; enc = enc[76:] {
		blob.WriteString(enc[:76] + "\r\n")
	}
	g.blob = blob.String()
	return g
}

// word draws from the vocabulary, low numbers far more often than high ones.
func (g *generator) word(rng *rand.Rand) string {
	return g.words[int(float64(len(g.words))*math.Pow(rng.Float64(), 3))]
}

func (g *generator) message(i int) []byte {
	rng := rand.New(rand.NewPCG(77, uint64(i)))
	size := min(max(int(6144*math.Exp(0.9*rng.NormFloat64())), 1500), 512<<10)
	var b bytes.Buffer
	b.Grow(size + 4096)
	g.header(&b, rng, i)
	target := size - b.Len() - 300
	text := fmt.Sprintf("Vorgang %d-%x: ", i, rng.Uint32())
	if i%2 == 0 {
		text += "Protokoll der " + commonWord + " vom Montag. "
	}
	if i%10007 == 7 {
		text += rareWord + " "
	}
	text += g.paragraphs[rng.IntN(len(g.paragraphs))]
	switch kind := rng.IntN(100); {
	case kind < 20:
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		g.body(&b, rng, text, target, "%s\n")
	case kind < 85 || size < 5000:
		g.alternative(&b, rng, text, target, "a")
	default:
		b.WriteString("Content-Type: multipart/mixed; boundary=\"=_m\"\r\n\r\n--=_m\r\n")
		g.alternative(&b, rng, text, target/3, "a")
		n := max(target*2/3, 78) / 78 * 78 % len(g.blob)
		fmt.Fprintf(&b, "\r\n--=_m\r\nContent-Type: application/pdf; name=\"Anlage-%d.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--=_m--\r\n", i, g.blob[:n])
	}
	return b.Bytes()
}

func (g *generator) header(b *bytes.Buffer, rng *rand.Rand, i int) {
	const stamp = "Mon, 03 Jan 2022 07:00:00 +0100"
	for hop := range 2 + rng.IntN(2) {
		fmt.Fprintf(b, "Received: from mx%d.example (mx%d.example [192.0.2.%d])\r\n\tby relay%d.example with ESMTPS id %x\r\n\tfor <u@localhost>; %s\r\n", hop, hop, rng.IntN(250), hop, rng.Uint64(), stamp)
	}
	at := rng.IntN(len(g.blob)/78-1) * 78
	fmt.Fprintf(b, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example; s=s1;\r\n\th=from:to:subject:date:message-id;\r\n\tb=%s\r\n", g.blob[at:at+70])
	root := i - i%8
	words := rand.New(rand.NewPCG(5, uint64(root)))
	subject := ""
	for range 2 + words.IntN(5) {
		subject += g.word(words) + " "
	}
	if i%101 == 5 {
		subject += subjectWord
	}
	if i > root && i%3 != 0 {
		subject = "Re: " + subject
		fmt.Fprintf(b, "In-Reply-To: <m%d@example>\r\nReferences: <m%d@example>\r\n\t<m%d@example>\r\n", i-1, root, i-1)
	}
	fmt.Fprintf(b, "Message-ID: <m%d@example>\r\nDate: %s\r\nFrom: %s\r\nTo: ", i, stamp, g.people[rng.IntN(len(g.people))])
	for n := range 1 + rng.IntN(4) {
		if n > 0 {
			b.WriteString(",\r\n\t")
		}
		b.WriteString(g.people[rng.IntN(len(g.people))])
	}
	fmt.Fprintf(b, "\r\nSubject: %s\r\nMIME-Version: 1.0\r\n", mime.QEncoding.Encode("utf-8", subject))
}

// body writes paragraphs until about n octets are out.
func (g *generator) body(b *bytes.Buffer, rng *rand.Rand, text string, n int, format string) {
	start := b.Len()
	qp := quotedprintable.NewWriter(b)
	fmt.Fprintf(qp, format, text)
	for b.Len()-start < n-300 {
		fmt.Fprintf(qp, format, g.paragraphs[rng.IntN(len(g.paragraphs))])
	}
	qp.Close()
	b.WriteString("\r\n")
}

func (g *generator) alternative(b *bytes.Buffer, rng *rand.Rand, text string, n int, boundary string) {
	fmt.Fprintf(b, "Content-Type: multipart/alternative; boundary=\"=_%s\"\r\n\r\n", boundary)
	fmt.Fprintf(b, "--=_%s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", boundary)
	g.body(b, rng, text, n/3, "%s\n")
	fmt.Fprintf(b, "\r\n--=_%s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><body>", boundary)
	g.body(b, rng, text, n*2/3, "<p style=\"margin:0\">%s</p>\n")
	fmt.Fprintf(b, "</body></html>\r\n--=_%s--\r\n", boundary)
}
