package imap

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestFetchCorpus is TestFetchGenerated for a sample of real mail: the archives
// in $POSTSTUBE_CORPUS, else in shared/corpus beside the repository.
func TestFetchCorpus(t *testing.T) {
	archives := corpusArchives(t)
	srv := newTestServer(t)
	c := newTestClient(t, srv)
	rng := rand.New(rand.NewPCG(1, 2))
	const maxSize = 100 << 10
	checked, seen := 0, 0
	for _, path := range archives {
		// Large archives hold mail that is like each other, small ones torture.
		step := 40
		if info, err := os.Stat(path); err == nil && info.Size() < 1<<20 {
			step = 5
		}
		eachFile(t, path, func(text []byte) {
			if seen++; seen%step != 0 || len(text) > maxSize {
				return
			}
			checked++
			text = withCRLF(text)
			uid := put(t, srv, text)
			c.do("NOOP")
			checkSections(t, c, rng, uid, text)
		})
	}
	if checked < 100 {
		t.Errorf("only %d messages in %v", checked, archives)
	}
	t.Logf("%d messages of %d", checked, seen)
}

// corpusArchives returns the .tar.gz files of the corpus, or skips the test.
func corpusArchives(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("POSTSTUBE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Skipf("NOT TESTED WITH REAL MAIL: no .tar.gz in %s, set POSTSTUBE_CORPUS", dir)
	}
	return archives
}

func eachFile(t *testing.T, archive string, visit func([]byte)) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || h.Size == 0 {
			continue
		}
		text, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		visit(text)
	}
}

// withCRLF ends lines with CRLF, as delivery and import do.
func withCRLF(text []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}
