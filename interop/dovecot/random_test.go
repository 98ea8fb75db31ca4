package dovecot

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRandomWithDovecot compares well-formed messages of every shape: here
// nothing may differ.
func TestRandomWithDovecot(t *testing.T) {
	c := login(t, startDovecot(t))
	r := rand.New(rand.NewPCG(5322, 9051))
	var messages []sample
	for i := range 600 {
		g := generator{r: r}
		g.message(3)
		messages = append(messages, sample{fmt.Sprintf("random %d", i), []byte(g.b.String())})
	}
	var s score
	if err := compareBatch(t, c, &s, "random", messages); err != nil {
		t.Fatal(err)
	}
	s.report(t)
	for why := range s.explained {
		if why != missingSection {
			t.Errorf("%s: in a message that is well-formed", why)
		}
	}
}

// A generator writes a random message by the grammars of RFC 5322 and MIME.
type generator struct {
	r     *rand.Rand
	b     strings.Builder
	depth int
}

func pick[T any](g *generator, list ...T) T { return list[g.r.IntN(len(list))] }

func (g *generator) maybe() bool { return g.r.IntN(2) == 0 }

func (g *generator) line(format string, args ...any) {
	fmt.Fprintf(&g.b, format+"\r\n", args...)
}

// cfws is white space where a field may be folded or commented.
func (g *generator) cfws() string {
	return pick(g, " ", " ", " ", "\r\n ", "\r\n\t", " (a comment) ", " (nested (comment) \\) )\r\n ")
}

func (g *generator) word() string {
	return pick(g, "Anna", "ben", "x-y_z", "1234", "e=mc2", "ab'c", "longer-than-the-others")
}

func (g *generator) message(levels int) {
	for _, name := range []string{"From", "Sender", "Reply-To", "To", "Cc", "Bcc"} {
		if g.maybe() {
			g.line("%s: %s", name, g.addresses())
		}
	}
	if g.maybe() {
		g.line("Date: Fri, 21 Nov 1997 09:55:06 -0600%s", pick(g, "", " (CST)"))
	}
	if g.maybe() {
		g.line("Subject: %s%s%s", g.word(), pick(g, " ", "\r\n ", " =?utf-8?q?=C3=BC?= ", " \"quoted\" "), g.word())
	}
	if g.maybe() {
		g.line("Message-ID: <%s@example.org>", g.word())
		g.line("In-Reply-To: <%s@example.org>", g.word())
	}
	if g.maybe() {
		g.line("MIME-Version: 1.0")
	}
	g.entity(levels)
}

func (g *generator) addresses() string {
	var list []string
	for range 1 + g.r.IntN(3) {
		if g.r.IntN(5) == 0 {
			list = append(list, g.word()+":"+g.mailbox()+pick(g, ";", ","+g.mailbox()+";"))
		} else {
			list = append(list, g.mailbox())
		}
	}
	return strings.Join(list, ","+g.cfws())
}

func (g *generator) mailbox() string {
	local := pick(g, g.word(), g.word()+"."+g.word(), `"quoted local"`, `"q\"\\"`)
	domain := pick(g, "example.org", "[192.0.2.1]", "a.b-c.example")
	spec := local + "@" + domain
	switch g.r.IntN(5) {
	case 0:
		return spec
	case 1:
		return spec + " (" + g.word() + ")"
	case 2:
		return "<" + spec + ">"
	}
	name := pick(g, g.word(), g.word()+g.cfws()+g.word(), `"A, \"B\" <C>"`, "J. "+g.word(), "=?utf-8?b?w7w=?=")
	return name + g.cfws() + "<" + spec + ">"
}

// params writes parameters as RFC 2045 and RFC 2231 allow, each name once.
// Sections come last: Dovecot takes the number of one over to a "name*" behind
// it.
func (g *generator) params() string {
	var b strings.Builder
	forms := []string{
		"name=token", "x-param=a.b", "charset=utf-8", `format="with spaces; and \"more\" = x"`, `empty=""`,
		"folded=\"a\r\n value\"", "l*=utf-8'de'%c3%bc", "m*0=one;" + g.cfws() + "m*1=\"two three\"",
	}
	for _, form := range forms {
		if g.r.IntN(4) == 0 {
			b.WriteString(pick(g, ";", " ;") + g.cfws() + form)
		}
	}
	return b.String()
}

// entity writes the MIME fields and the body of a message or part.
func (g *generator) entity(levels int) {
	if g.maybe() {
		g.line("Content-ID: <%s@example.org>", g.word())
	}
	if g.maybe() {
		g.line("Content-Description: %s", g.word())
	}
	if g.maybe() {
		g.line("Content-Disposition: %s%s", pick(g, "inline", "attachment", "ATTACHMENT"), g.params())
	}
	if g.maybe() {
		g.line("Content-Language: %s", pick(g, "de", "de, en-US", "de,fr"))
	}
	if g.r.IntN(4) == 0 {
		g.line("Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==")
		g.line("Content-Location: http://example.org/x")
	}
	kind := g.r.IntN(5)
	switch {
	case levels > 0 && kind < 2:
		g.multipart(levels)
	case levels > 0 && kind == 2:
		g.line("Content-Type: message/rfc822")
		g.line("")
		g.message(levels - 1)
	case kind == 3:
		g.line("")
		g.text()
	default:
		g.line("Content-Type: %s%s", pick(g, "text/plain", "TEXT/html", "image/png", "application/x-y", "message/delivery-status"), g.params())
		if g.maybe() {
			g.line("Content-Transfer-Encoding: %s", pick(g, "base64", "7bit", "8BIT", "quoted-printable"))
		}
		g.line("")
		g.text()
	}
}

func (g *generator) multipart(levels int) {
	g.depth++
	boundary := fmt.Sprintf("%s%d_%d", pick(g, "b", "=_", "boundary with space "), g.depth, g.r.IntN(1000))
	subtype := pick(g, "mixed", "alternative", "digest", "x-new")
	g.line("Content-Type: multipart/%s;%sboundary=\"%s\"%s", subtype, g.cfws(), boundary, g.params())
	g.line("")
	if g.maybe() {
		g.line("preamble")
	}
	for range 1 + g.r.IntN(3) {
		g.line("--%s%s", boundary, pick(g, "", "", "  "))
		if subtype == "digest" {
			g.line("")
			g.message(levels - 1)
		} else {
			g.entity(levels - 1)
		}
		g.line("")
	}
	g.line("--%s--", boundary)
	if g.maybe() {
		g.line("epilogue")
		g.line("")
	}
}

func (g *generator) text() {
	for range g.r.IntN(4) {
		g.line("%s", pick(g, "some text", "", "--", "-- ", "--nearly", "UVVJ", "From here"))
	}
	if g.maybe() {
		g.b.WriteString("no line end")
	}
}
