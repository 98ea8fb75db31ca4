package dialogue

import (
	"fmt"
	"regexp"
	"strings"
)

// A verb is what a step does.
type verb uint8

const (
	comment verb = iota // blank lines and # lines, kept for -update
	setting             // words for the house or the runner
	send                // C: a line
	sendRaw             // C> octets in Go syntax, without CRLF
	receive             // S: a line
	skip                // (skip) whatever has come so far
	silence             // (silence): nothing has come
	closed              // (closed) by the server
)

// action tells whether the step makes something happen; the others look at what
// has happened.
func (v verb) action() bool { return v == setting || v == send || v == sendRaw }

// A step is one line of a script.
type step struct {
	line   int
	verb   verb
	client string // "" for settings and comments
	text   string
	raw    string // the line as written
}

// A script is a parsed file.
type script struct {
	path  string
	steps []step
	files map[string][]byte // with CRLF line ends
	ar    archive
}

// stepForm matches "[client] C: text" and the like.
var stepForm = regexp.MustCompile(`^(?:([a-z][a-z0-9-]*) )?(C:|C>|S:|\(skip\)|\(silence\)|\(closed\))(?: (.*))?$`)

var verbs = map[string]verb{"C:": send, "C>": sendRaw, "S:": receive, "(skip)": skip, "(silence)": silence, "(closed)": closed}

// defaultClient is the name of a client that the script does not name.
const defaultClient = "client"

// parse reads a script. Errors name the file and line.
func parse(path string, data []byte) (*script, error) {
	ar := parseArchive(data)
	s := &script{path: path, ar: ar, files: make(map[string][]byte, len(ar.files))}
	for _, f := range ar.files {
		s.files[f.name] = []byte(strings.ReplaceAll(f.data, "\n", "\r\n"))
	}
	lines := strings.Split(strings.TrimSuffix(ar.comment, "\n"), "\n")
	for i, line := range lines {
		st := step{line: i + 1, raw: line, text: strings.TrimSpace(line)}
		switch m := stepForm.FindStringSubmatch(line); {
		case st.text == "" || st.text[0] == '#':
			st.verb = comment
		case m != nil:
			st.client, st.verb, st.text = m[1], verbs[m[2]], m[3]
			if st.client == "" {
				st.client = defaultClient
			}
		case regexp.MustCompile(`^[a-z]`).MatchString(line):
			st.verb = setting
		default:
			return nil, fmt.Errorf("%s:%d: %q is neither a setting nor a step like \"C: a1 NOOP\"", path, i+1, line)
		}
		s.steps = append(s.steps, st)
	}
	return s, nil
}

// blockEnd returns the index behind the expectations that follow step i.
func (s *script) blockEnd(i int) int {
	for i < len(s.steps) && !s.steps[i].verb.action() {
		i++
	}
	return i
}
