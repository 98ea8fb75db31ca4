package dovecot

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A sample is one message with CRLF line ends, as a store has it.
type sample struct {
	name string
	data []byte
}

// maxSample leaves out the few attachments that would only be slow.
const maxSample = 4 << 20

// corpus reads all messages of the corpus folder: $POSTSTUBE_CORPUS, else
// shared/corpus beside the repository.
func corpus(t *testing.T) []sample {
	t.Helper()
	dir := corpusFolder()
	if dir == "" {
		unavailable(t, "there is no corpus: set POSTSTUBE_CORPUS to the folder of its .tar.gz files")
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if err != nil || len(archives) == 0 {
		unavailable(t, "no .tar.gz file in "+dir)
	}
	var all []sample
	for _, name := range archives {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		samples, err := readArchive(f, path.Base(name) == "spamassassin.tar.gz")
		_ = f.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, samples...)
	}
	slices.SortFunc(all, func(a, b sample) int { return strings.Compare(a.name, b.name) })
	return all
}

func corpusFolder() string {
	if dir := os.Getenv("POSTSTUBE_CORPUS"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
	dir = filepath.Join(dir, "..", "shared", "corpus")
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// readArchive reads the files of a .tar.gz. mbox says that their first line is
// that of an mbox.
func readArchive(r io.Reader, mbox bool) ([]sample, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	var samples []sample
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return samples, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg || h.Size == 0 || h.Size > maxSample {
			continue
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return nil, err
		}
		if mbox && bytes.HasPrefix(data, []byte("From ")) {
			_, data, _ = bytes.Cut(data, []byte("\n"))
		}
		samples = append(samples, sample{path.Clean(h.Name), withCRLF(data)})
	}
}

// withCRLF ends lines with CRLF, as delivery and import do. Several CR before
// an LF become one, and one at the very end goes, as in Dovecot's APPEND.
func withCRLF(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/32)
	for line := range bytes.Lines(b) {
		if text, ended := bytes.CutSuffix(line, []byte("\n")); ended {
			out = append(append(out, bytes.TrimRight(text, "\r")...), "\r\n"...)
		} else {
			out = append(out, line...)
		}
	}
	return bytes.TrimRight(out, "\r")
}
