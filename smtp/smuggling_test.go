package smtp

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
)

// exchange sends octets to a server and returns all that it answers.
func exchange(t *testing.T, w *world, octets string) string {
	t.Helper()
	c, err := w.Dial("lmtp", netip.MustParseAddr("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The connection may be closed from either side: what came counts.
		_, _ = out.ReadFrom(c)
	}()
	_, _ = c.Write([]byte(octets)) // likewise
	synctest.Wait()
	c.Close()
	<-done
	return out.String()
}

// inWorld runs a test in virtual time with a server that knows anna.
func inWorld(t *testing.T, limits Limits, test func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(limits)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		}()
		if err := w.Set([]string{"user", "anna"}, nil); err != nil {
			t.Fatal(err)
		}
		test(t, w)
	})
}

func inbox(t *testing.T, w *world) []string {
	t.Helper()
	all, err := w.messages("anna", "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(all))
	for i, m := range all {
		_, rest, ok := strings.Cut(string(m), "+0000\r\n") // behind the trace fields
		if !ok {
			t.Fatalf("message without Received: %q", m)
		}
		texts[i] = rest
	}
	return texts
}

const greeting = "LHLO relay\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<anna>\r\n"

// ends are 24 octet sequences that some server takes, or has taken, for the end
// of a message. Only the first is one (RFC 5321 section 4.1.1.4).
var ends = []string{
	"\r\n.\r\n",
	"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r.\n",
	"\r\r\n.\r\r\n", "\n\r.\n\r", "\r\n.\r\r\n", "\r\r\n.\r\n\x00", "\r\n\x00.\r\n", "\r\n.\x00\r\n",
	"\r\x00\n.\r\n", "\r\n.\n\r\n", "\r\n.\n\n", "\n\n.\n\n", "\n.\n\r\n",
	"\r\n \r\n.\n", "\n\r\n.\n", "\r\n.\r\x00\n", "\r\n.\r.\n",
}

// TestSmuggling: behind each candidate for an end, the client sends what would
// be a second message. Whatever the server makes of it, the second message must
// never be one, and a message with a bare CR or LF is no message at all.
func TestSmuggling(t *testing.T) {
	if len(ends) != 24 {
		t.Fatalf("%d variants, want 24", len(ends))
	}
	const second = "MAIL FROM:<evil@example.com>\r\nRCPT TO:<anna>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"
	for i, end := range ends {
		text := "Subject: first\r\n\r\nfirst" + end + second + "\r\n.\r\n"
		whole := len("Subject: first\r\n\r\nfirst" + end + second + "\r\n")
		for _, verb := range []string{"DATA", "BDAT"} {
			t.Run(fmt.Sprintf("%s %q", verb, end), func(t *testing.T) {
				inWorld(t, Limits{}, func(t *testing.T, w *world) {
					in := greeting + "DATA\r\n" + text
					if verb == "BDAT" {
						// The same octets, counted: all of them are one message.
						in = greeting + fmt.Sprintf("BDAT %d LAST\r\n", whole) + text[:whole]
					}
					out := exchange(t, w, in)
					got := inbox(t, w)
					body := strings.TrimSuffix(text[:whole], "\r\n")
					bare := strings.ContainsAny(strings.ReplaceAll(body, "\r\n", ""), "\r\n")
					switch {
					case i == 0 && verb == "DATA": // the one true end: two messages
						if len(got) != 2 || got[0] != "Subject: first\r\n\r\nfirst\r\n" {
							t.Errorf("holds %q", got)
						}
					case bare:
						if len(got) != 0 {
							t.Errorf("a message with a bare CR or LF was taken: %q", got)
						}
						if n := strings.Count(out, "\r\n554 5.6.0 bare "); n != 1 {
							t.Errorf("%d replies 554 5.6.0 in\n%s", n, out)
						}
					default: // nothing is wrong with it: one message, dots included
						want := text[:whole]
						if verb == "DATA" {
							want = strings.ReplaceAll(want, "\r\n.", "\r\n")
						}
						if len(got) != 1 || got[0] != want {
							t.Errorf("holds %q\nwant %q", got, want)
						}
					}
				})
			})
		}
	}
}
