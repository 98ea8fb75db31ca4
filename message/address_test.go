package message

import (
	"fmt"
	"strings"
	"testing"
)

// addresses writes a list for comparison: name|route|mailbox|host, groups as
// name: … ;
func addresses(list []Address) string {
	var out []string
	for _, a := range list {
		switch a.Role {
		case GroupStart:
			out = append(out, a.Mailbox+":")
		case GroupEnd:
			out = append(out, ";")
		default:
			out = append(out, fmt.Sprintf("%s|%s|%s|%s", a.Name, a.Route, a.Mailbox, a.Host))
		}
	}
	return strings.Join(out, "  ")
}

func TestParseAddressList(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		// RFC 5322 appendix A.
		{`John Doe <jdoe@machine.example>`, `John Doe||jdoe|machine.example`},
		{`"Joe Q. Public" <john.q.public@example.com>`, `Joe Q. Public||john.q.public|example.com`},
		{`Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>`, `Mary Smith||mary|x.test  ||jdoe|example.org  Who?||one|y.test`},
		{`<boss@nil.test>, "Giant; \"Big\" Box" <sysservices@example.net>`, `||boss|nil.test  Giant; "Big" Box||sysservices|example.net`},
		{`A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;`, `A Group:  Ed Jones||c|a.test  ||joe|where.test  John||jdoe|one.test  ;`},
		{`Undisclosed recipients:;`, `Undisclosed recipients:  ;`},
		{`Pete(A nice \) chap) <pete(his account)@silly.test(his host)>`, `Pete||pete|silly.test`},
		{"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)", `A Group:  Chris Jones||c|public.example  ||joe|example.org  John||jdoe|one.test  ;`},
		{"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", `Hidden recipients:  ;`},
		{`Joe Q. Public <john.q.public@example.com>`, `Joe Q. Public||john.q.public|example.com`},
		{`Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example`, `Mary Smith|@node.test|mary|example.net  ||jdoe|test.example`},
		{`<@a.test,@b.test:c@d.test>`, `|@a.test,@b.test|c|d.test`},
		// Names in comments.
		{`ben@example.org (Ben (B.) \(x\))`, `Ben (B.) (x)||ben|example.org`},
		{`ben@example.org (one) (two)`, `two||ben|example.org`},
		{`anna@example.org, (not Ben) ben@example.org`, `||anna|example.org  ||ben|example.org`},
		{`anna@example.org, ben@example.org (Ben)`, `||anna|example.org  Ben||ben|example.org`},
		// Local parts and domains.
		{`"john doe"@example.org`, `||john doe|example.org`},
		{`""@example.org`, `||MISSING_MAILBOX|example.org`},
		{`"a"."b" . c@example.org`, `||a.b.c|example.org`},
		{`a@[192.0.2.1]`, `||a|[192.0.2.1]`},
		{`a@[IPv6:2001:db8::1]`, `||a|[IPv6:2001:db8::1]`},
		{`üser@exämple.org`, `||üser|exämple.org`},
		{"\xfc <a@b>", "\xfc||a|b"},
		{`=?utf-8?q?=C3=BC?= <a@b>`, `=?utf-8?q?=C3=BC?=||a|b`},
		{`"a` + "\r\n" + ` b" <a@b>`, `a b||a|b`},
		// Broken ones.
		{``, ``},
		{` , ,; `, ``},
		{`anna`, `||anna|MISSING_DOMAIN`},
		{`anna example`, `anna example||MISSING_MAILBOX|MISSING_DOMAIN`},
		{`anna (Anna E.)`, `Anna E.||anna|MISSING_DOMAIN`},
		{`<>`, `||MISSING_MAILBOX|MISSING_DOMAIN`},
		{`Anna <>`, `Anna||MISSING_MAILBOX|MISSING_DOMAIN`},
		{`<anna>`, `||anna|MISSING_DOMAIN`},
		{`anna@, @example.org, b@c`, `||anna|MISSING_DOMAIN  ||MISSING_MAILBOX|example.org  ||b|c`},
		{`<@example.org>`, `||MISSING_MAILBOX|example.org`},
		{`a@b@c, d@e`, `||a|b  ||d|e`},
		{`<a@b, c@d`, `||a|b  ||c|d`},
		{`a <b@c> d, e@f`, `a||b|c  ||e|f`},
		{`Anna anna@example.org`, `Anna||anna|example.org`},
		{`<a b@c>`, `||a b|c`},
		{`a@b; c@d`, `||a|b  ||c|d`},
		{`"unclosed <b@c>, d@e`, `unclosed||b|c  ||d|e`},
		{`a (unclosed <b@c>, d@e`, `a unclosed||b|c  ||d|e`},
		{`g: a@b, c@d`, `g:  ||a|b  ||c|d  ;`},
		{`g: h: a@b;;`, `g:  ||h|MISSING_DOMAIN  ;`},
		{`.a.@b.`, `||.a.|b.`},
		{`<Undisclosed:;@example.org>, a@b`, `||Undisclosed|MISSING_DOMAIN  ||a|b`},
		{`\`, ``},
		{`a\@b`, `||a|MISSING_DOMAIN`},
		{`a@[unclosed`, `||a|[unclosed`},
		{"a\x00b@c", `||a|MISSING_DOMAIN`},
		{`>>><a@b`, `||a|b`},
	} {
		if got := addresses(ParseAddressList([]byte(tt.in))); got != tt.want {
			t.Errorf("%q\n got  %s\n want %s", tt.in, got, tt.want)
		}
	}
}

func TestMaxAddresses(t *testing.T) {
	for _, n := range []int{MaxAddresses - 1, MaxAddresses, MaxAddresses + 1} {
		list := ParseAddressList([]byte(strings.Repeat("a@b,", n)))
		if want := min(n, MaxAddresses); len(list) != want {
			t.Errorf("%d addresses: got %d, want %d", n, len(list), want)
		}
	}
	// Several fields of a name share the limit.
	root := parseString(t, strings.Repeat("To: a@b, c@d\r\n", MaxAddresses)+"\r\n")
	if len(root.Envelope.To) != MaxAddresses {
		t.Errorf("got %d addresses", len(root.Envelope.To))
	}
}
