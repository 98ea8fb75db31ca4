package search

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"poststube/kv"
	"poststube/message"
)

// corpus returns the messages of a real collection.
func corpus(t testing.TB) (list [][]byte) {
	dir := os.Getenv("POSTSTUBE_CORPUS")
	if dir == "" { // beside the repository
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	f, err := os.Open(filepath.Join(dir, "spamassassin.tar.gz"))
	if err != nil {
		t.Skipf("NO CORPUS, NOT TESTED WITH REAL MAIL: %v (set POSTSTUBE_CORPUS)", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
}

// TestCorpus compares searches of real mail with brute force, and holds the
// index to a part of the text's size.
func TestCorpus(t *testing.T) {
	m := newMailbox(t)
	b := NewBatch()
	var octets int
	texts := map[Field][]string{}
	for i, raw := range corpus(t) {
		n := uint64(i + 1)
		writeMessage(t, b, n, raw)
		header, body := textOf(t, raw, message.HeaderText), textOf(t, raw, message.BodyText)
		octets += len(header) + len(body)
		texts[Header] = append(texts[Header], casemap(header))
		texts[Body] = append(texts[Body], casemap(body))
		if m.last = n; b.Len() == 500 {
			m.must(m.x.Add(t.Context(), m.owner, b, n))
			b.Reset()
		}
	}
	m.must(m.x.Add(t.Context(), m.owner, b, m.last))
	m.verify()
	for _, text := range []string{
		"perl", "Perl ", "linux", "zzzteana", "viagra", "http://www.", "@example", "e", "qu", "é", "ü", "1996", "free money",
		"click here to", "rpm-list@freshrpms.net", "In-Reply-To: <", "boundary=", "-- ", "=====", "nowhere at all", "Ünïcödé",
		"unsubscribe,", " the ", "C++", "\n\n", "0123456789abcdefghij", "(http", "jm@localhost",
	} {
		for _, f := range []Field{Header, Body, Text} {
			res := m.find(f, text)
			needle := casemap(text)
			missed, wrong := 0, 0
			for i := range texts[Header] {
				n := uint64(i + 1)
				truth := f != Body && strings.Contains(texts[Header][i], needle) || f != Header && strings.Contains(texts[Body][i], needle)
				if truth && !res.Certain.Contains(n) && !res.Possible.Contains(n) {
					missed++
				}
				if !truth && res.Certain.Contains(n) {
					wrong++
				}
			}
			if missed > 0 || wrong > 0 {
				t.Errorf("field %d, %q: %d missed, %d wrong", f, text, missed, wrong)
			}
		}
	}
	m.must(m.db.View(t.Context(), func(r kv.Reader) error {
		s, err := m.x.Stats(r, m.owner)
		if err != nil {
			return err
		}
		t.Logf("%d emails, %d octets of text, index %d (%d %%) in %d segments", s.Emails, octets, s.Bytes, s.Bytes*100/uint64(octets), s.Segments)
		if s.Emails != len(texts[Body]) || s.Indexed != m.last || s.Bytes > uint64(octets)*35/100 {
			t.Errorf("%+v for %d octets of text", s, octets)
		}
		return nil
	}))
}

func textOf(t testing.TB, raw []byte, scope message.TextScope) string {
	r := bytes.NewReader(raw)
	root, err := message.Parse(r, int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = root.Text(r, scope, func(text []byte) bool { b.Write(text); return true })
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
