package dialogue

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// literalForm matches {@file}, {@file+}, {"text"} and {"text"+}.
var literalForm = regexp.MustCompile(`\{(?:@([\w.-]+)|("(?:[^"\\]|\\.)*"))(\+?)\}`)

// nameForm matches <uid>. Message-IDs have an @ and don't match.
var nameForm = regexp.MustCompile(`<([a-z][a-z0-9]*)>`)

// A piece is a part of a line: text, or a literal's content.
type piece struct {
	text    string
	literal bool
	nonSync bool
}

// pieces splits a step's text at its literals.
func (s *script) pieces(text string) ([]piece, error) {
	var out []piece
	for {
		m := literalForm.FindStringSubmatchIndex(text)
		if m == nil {
			return append(out, piece{text: text}), nil
		}
		p := piece{literal: true, nonSync: m[6] != m[7]}
		if m[2] >= 0 {
			content, ok := s.files[text[m[2]:m[3]]]
			if !ok {
				return nil, fmt.Errorf("the archive has no file %q", text[m[2]:m[3]])
			}
			p.text = string(content)
		} else {
			var err error
			if p.text, err = strconv.Unquote(text[m[4]:m[5]]); err != nil {
				return nil, fmt.Errorf("%s is not a string in Go syntax", text[m[4]:m[5]])
			}
		}
		out = append(out, piece{text: text[:m[0]]}, p)
		text = text[m[1]:]
	}
}

// fill puts the values of bound names into a line to be sent.
func fill(text string, bound map[string]string) string {
	return nameForm.ReplaceAllStringFunc(text, func(name string) string {
		if v, ok := bound[name[1:len(name)-1]]; ok {
			return v
		}
		return name
	})
}

// match reports whether got, a response without its final CRLF, is what the
// text of an expectation describes, and binds the names that it has first seen.
func (s *script) match(want, got string, bound map[string]string) (bool, error) {
	parts, err := s.pieces(want)
	if err != nil {
		return false, err
	}
	var re strings.Builder
	re.WriteString(`(?s)^`)
	fresh := map[string]bool{}
	for _, p := range parts {
		if p.literal {
			re.WriteString(regexp.QuoteMeta(fmt.Sprintf("{%d}\r\n%s", len(p.text), p.text)))
			continue
		}
		for i, between := range strings.Split(p.text, "...") {
			if i > 0 {
				re.WriteString(`.*?`)
			}
			writePattern(&re, between, bound, fresh)
		}
	}
	re.WriteString(`$`)
	compiled, err := regexp.Compile(re.String())
	if err != nil {
		return false, err
	}
	m := compiled.FindStringSubmatch(got)
	if m == nil {
		return false, nil
	}
	for i, name := range compiled.SubexpNames() {
		if name != "" {
			bound[name] = m[i]
		}
	}
	return true, nil
}

// writePattern writes text as a regular expression. A name that is new binds; a
// name that is bound must be its value; one that occurs twice in the line where
// it is new would need a back reference, which regexp lacks: it binds once and
// matches anything the second time.
func writePattern(re *strings.Builder, text string, bound map[string]string, fresh map[string]bool) {
	for {
		m := nameForm.FindStringSubmatchIndex(text)
		if m == nil {
			re.WriteString(regexp.QuoteMeta(text))
			return
		}
		re.WriteString(regexp.QuoteMeta(text[:m[0]]))
		name := text[m[2]:m[3]]
		switch v, ok := bound[name]; {
		case ok:
			re.WriteString(regexp.QuoteMeta(v))
		case fresh[name]:
			re.WriteString(`[^ ()\[\]{}"]+`)
		default:
			fresh[name] = true
			re.WriteString(`(?P<` + name + `>[^ ()\[\]{}"]+)`)
		}
		text = text[m[1]:]
	}
}

// render writes a received response as the text of an expectation: literals as
// {@file} where a file has that content, else as {"text"}.
func (s *script) render(got string) string {
	var out strings.Builder
	for {
		m := regexp.MustCompile(`\{(\d+)\}\r\n`).FindStringSubmatchIndex(got)
		if m == nil {
			break
		}
		n, err := strconv.Atoi(got[m[2]:m[3]])
		if err != nil || n > len(got)-m[1] {
			break
		}
		content := got[m[1] : m[1]+n]
		out.WriteString(got[:m[0]])
		out.WriteString(s.renderLiteral(content))
		got = got[m[1]+n:]
	}
	out.WriteString(got)
	return out.String()
}

func (s *script) renderLiteral(content string) string {
	for _, f := range s.ar.files {
		if string(s.files[f.name]) == content {
			return "{@" + f.name + "}"
		}
	}
	return "{" + strconv.Quote(content) + "}"
}
