package dialogue

import (
	"bytes"
	"strings"
)

// An archive is a file in the txtar format: text, then files, each behind a
// line "-- name --".
type archive struct {
	comment string
	files   []archiveFile
}

type archiveFile struct {
	name, data string
}

// fileName returns the name in a line "-- name --".
func fileName(line string) (string, bool) {
	rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "-- ")
	if !ok {
		return "", false
	}
	name, ok := strings.CutSuffix(rest, " --")
	return strings.TrimSpace(name), ok && strings.TrimSpace(name) != ""
}

func parseArchive(data []byte) archive {
	var a archive
	text := &a.comment
	var b strings.Builder
	for line := range bytes.Lines(data) {
		name, ok := fileName(string(line))
		if !ok {
			b.Write(line)
			continue
		}
		*text = b.String()
		b.Reset()
		a.files = append(a.files, archiveFile{name: name})
		text = &a.files[len(a.files)-1].data
	}
	*text = b.String()
	return a
}

func (a archive) format() []byte {
	var b bytes.Buffer
	b.WriteString(a.comment)
	for _, f := range a.files {
		b.WriteString("-- " + f.name + " --\n")
		b.WriteString(f.data)
	}
	return b.Bytes()
}
