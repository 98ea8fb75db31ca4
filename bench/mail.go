package bench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Words that are in some messages only, for searches.
const (
	subjectWord  = "kestrel"   // in the subject of every 50th message
	bodyWord     = "zephyrine" // in the text of every 100th
	subjectEvery = 50
	bodyEvery    = 100
)

// mark is a header field of every message that is delivered, so that it is found
// again and removed.
const mark = "X-Poststube-Bench"

// A writer makes up mail: message i is always the same. Sizes are log-normal with
// a median of 6 KiB, as those of real mailboxes are; words follow Zipf's law.
type writer struct {
	token string // of this run
	words []string
}

func newWriter(token string) *writer {
	w := &writer{token: token}
	rnd := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("ba ken lo mi ra tu ne sol fer da vin ge par li os chu mar te no qui ald er is um")
	for range 4000 {
		word := ""
		for range 1 + rnd.IntN(4) {
			word += syllables[rnd.IntN(len(syllables))]
		}
		w.words = append(w.words, word)
	}
	return w
}

// message returns message i, with CRLF.
func (w *writer) message(i int) []byte {
	rnd := rand.New(rand.NewPCG(uint64(i), 7))
	zipf := rand.NewZipf(rnd, 1.1, 3, uint64(len(w.words)-1))
	word := func() string { return w.words[zipf.Uint64()] }
	size := int(math.Exp(rnd.NormFloat64()*1.1 + math.Log(6<<10)))
	size = min(max(size, 600), 512<<10)
	b := make([]byte, 0, size+1024)
	sent := time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(i) * 11 * time.Minute)
	subject := word() + " " + word() + " " + word()
	if i%subjectEvery == 0 {
		subject += " " + subjectWord
	}
	b = fmt.Appendf(b, "Return-Path: <%s@example.org>\r\nReceived: from mx.example.org by mail.example.net with ESMTPS id %d; %s\r\n",
		word(), rnd.Uint32(), sent.Format(time.RFC1123Z))
	b = fmt.Appendf(b, "From: %s %s <%s@example.org>\r\nTo: Anna <anna@example.net>, %s@example.com\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d.%s@example.org>\r\n",
		word(), word(), word(), word(), subject, sent.Format(time.RFC1123Z), i, w.token)
	if i%3 != 0 {
		b = fmt.Appendf(b, "In-Reply-To: <%d.%s@example.org>\r\nReferences: <%d.%s@example.org>\r\n", i/3*3, w.token, i/3*3, w.token)
	}
	b = fmt.Appendf(b, "%s: %s\r\nMIME-Version: 1.0\r\n", mark, w.token)
	text := func(b []byte, end int) []byte {
		for len(b) < end {
			for column := 0; column < 70; {
				s := word()
				b = append(append(b, s...), ' ')
				column += len(s) + 1
			}
			b = append(b, "\r\n"...)
		}
		return b
	}
	if i%4 != 1 {
		b = append(b, "Content-Type: text/plain; charset=utf-8\r\n\r\n"...)
		return w.sign(text(b, size), i)
	}
	b = append(b, "Content-Type: multipart/alternative; boundary=\"=_part\"\r\n\r\n--=_part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"...)
	b = w.sign(text(b, size/2), i)
	b = append(b, "--=_part\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>\r\n"...)
	return append(text(b, size), "</p></body></html>\r\n--=_part--\r\n"...)
}

// sign ends the text of message i.
func (w *writer) sign(b []byte, i int) []byte {
	if i%bodyEvery == 0 {
		b = append(b, bodyWord+"\r\n"...)
	}
	return append(b, "-- \r\nBest regards\r\n"...)
}

// every returns how many of n messages, counted from 0, have a word that every
// k-th has.
func every(n, k int) int { return (n + k - 1) / k }
