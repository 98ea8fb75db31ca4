package message

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// corpusMessages reads the corpus folder, $POSTSTUBE_CORPUS or shared/corpus
// beside the repository, once. It is nil if there is none.
var corpusMessages = sync.OnceValues(func() (map[string][]byte, error) {
	dir := os.Getenv("POSTSTUBE_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if err != nil || len(archives) == 0 {
		return nil, err
	}
	all := map[string][]byte{}
	for _, name := range archives {
		if err := readArchive(name, all); err != nil {
			return nil, err
		}
	}
	return all, nil
})

func readArchive(name string, all map[string][]byte) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(data, []byte("From ")) {
			_, data, _ = bytes.Cut(data, newline)
		}
		all[h.Name] = data
	}
}

// corpus returns the messages of the corpus, or skips the test aloud.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	all, err := corpusMessages()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Skip("NO CORPUS: set POSTSTUBE_CORPUS to the folder with the .tar.gz files; real mail was not tested")
	}
	return all
}

func TestCorpus(t *testing.T) {
	for name, data := range corpus(t) {
		checkMessage(t, name, data)
	}
}
