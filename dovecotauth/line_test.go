package dovecotauth

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

func TestParseLine(t *testing.T) {
	for _, tt := range []struct {
		line string
		want command
	}{
		{"VERSION\t1\t2", command{verb: "VERSION", major: 1, decoded: true}},
		{"VERSION\t1", command{verb: "VERSION", major: 1, decoded: true}},
		{"CPID\t17", command{verb: "CPID", decoded: true}},
		{"", command{decoded: true}},
		{"AUTH\t7\tPLAIN", command{verb: "AUTH", id: 7, mechanism: "PLAIN", decoded: true}},
		{"AUTH\t4294967295\tPLAIN\tservice=smtp\tnologin\tlip=192.0.2.1\trip=2001:db8::1\tsecured\tresp=AGEAYg==",
			command{verb: "AUTH", id: 1<<32 - 1, mechanism: "PLAIN", service: "smtp", remote: netip.MustParseAddr("2001:db8::1"), secured: true, response: []byte("\x00a\x00b"), decoded: true}},
		{"AUTH\t1\tPLAIN\tresp=", command{verb: "AUTH", id: 1, mechanism: "PLAIN", response: []byte{}, decoded: true}},
		{"AUTH\t1\tPLAIN\tresp==", command{verb: "AUTH", id: 1, mechanism: "PLAIN", response: []byte{}, decoded: true}},
		{"AUTH\t1\tPLAIN\tresp=!", command{verb: "AUTH", id: 1, mechanism: "PLAIN", response: []byte{}}},
		{"AUTH\t1\tPLAIN\tresp=YQ==\tsecured", command{verb: "AUTH", id: 1, mechanism: "PLAIN", response: []byte("a")}},
		{"AUTH\t1\tPLAIN\trip=unknown\tservice=a b\tsecured=tls", command{verb: "AUTH", id: 1, mechanism: "PLAIN", service: "sasl", secured: true, decoded: true}},
		// An escaped tab in a value does not end it.
		{"AUTH\t1\tPLAIN\tx=a\x01tsecured", command{verb: "AUTH", id: 1, mechanism: "PLAIN", decoded: true}},
		{"CONT\t1\t", command{verb: "CONT", id: 1, response: []byte{}, decoded: true}},
		{"CONT\t1\tYQ==", command{verb: "CONT", id: 1, response: []byte("a"), decoded: true}},
		{"CANCEL\t1", command{verb: "CANCEL", id: 1, decoded: true}},
	} {
		got, err := parseLine(tt.line)
		if err != nil || !sameCommand(got, tt.want) {
			t.Errorf("%q:\ngot  %+v, %v\nwant %+v", tt.line, got, err, tt.want)
		}
	}
	for _, line := range []string{
		"VERSION", "VERSION\t-1\t1", "AUTH", "AUTH\t1", "AUTH\tx\tPLAIN", "AUTH\t1\t\tsecured", "AUTH\t4294967296\tPLAIN", "CONT", "CONT\t1", "CANCEL\t",
	} {
		if got, err := parseLine(line); err != errProtocol {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
}

// sameCommand compares; a broken response may hold what could be decoded.
func sameCommand(got, want command) bool {
	if !want.decoded {
		got.response, want.response = nil, nil
	}
	return reflect.DeepEqual(got, want)
}

func TestEscape(t *testing.T) {
	const odd = "a\x00\x01\t\r\n=ü\x01t"
	e := escape(odd)
	if strings.ContainsAny(e, "\x00\t\r\n") || unescape(e) != odd {
		t.Errorf("%q becomes %q and then %q", odd, e, unescape(e))
	}
}

// FuzzLine: whatever comes, a command is one that the session can act on.
func FuzzLine(f *testing.F) {
	for _, s := range []string{
		"VERSION\t1\t1", "CPID\t1", "AUTH\t1\tPLAIN\tservice=smtp\tnologin\tlip=::1\trip=::1%eth0\tsecured\tresp=AGEAYg==",
		"AUTH\t1\tSCRAM-SHA-256\tresp==", "CONT\t1\t", "CONT\t1\tYQ", "CANCEL\t1", "AUTH\t1\tX\tservice=\x01t\x01",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parseLine(line)
		if err != nil {
			if !reflect.DeepEqual(c, command{}) {
				t.Errorf("%q fails and gives %+v", line, c)
			}
			return
		}
		switch {
		case c.verb == "AUTH" && c.mechanism == "",
			c.verb == "CONT" && c.response == nil,
			strings.ContainsAny(c.service, " \t\n=\""), len(c.service) > 16:
			t.Errorf("%q gives %+v", line, c)
		case c.verb == "AUTH" && c.decoded && c.response != nil && !strings.Contains(line, "resp="):
			t.Errorf("%q gives a response: %+v", line, c)
		case bytes.IndexByte([]byte(c.mechanism), '\t') >= 0:
			t.Errorf("%q gives the mechanism %q", line, c.mechanism)
		}
	})
}
