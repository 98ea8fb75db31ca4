package smtp

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// TestLimits holds each limit at its value and one beyond.
func TestLimits(t *testing.T) {
	message := func(n int) string { // n octets on the wire, without the dots
		head := "A: b\r\n\r\n"
		return head + strings.Repeat("x", n-len(head)-2) + "\r\n"
	}
	limits := Limits{MaxMessage: 2000, MaxRecipients: 3, MaxConnections: 2}
	rcpt := "RCPT TO:<anna>\r\n"
	tests := []struct {
		name, in, want string
		holds          int
	}{
		{"message as large as SIZE", greeting + "DATA\r\n" + message(2000) + ".\r\nNOOP\r\n", "354 250 250", 1},
		{"one octet more", greeting + "DATA\r\n" + message(2001) + ".\r\nNOOP\r\n", "354 552 250", 0},
		{"far more", greeting + "DATA\r\n" + message(200000) + ".\r\nNOOP\r\n", "354 552 250", 0},
		{"chunk as large as SIZE", greeting + "BDAT 2000 LAST\r\n" + message(2000) + "NOOP\r\n", "250 250", 1},
		{"chunks one octet larger", greeting + "BDAT 1999\r\n" + message(2001)[:1999] + "BDAT 2 LAST\r\n\r\nNOOP\r\n", "250 552 250", 0},
		{"chunk far larger", greeting + "BDAT 200000\r\n" + message(200000) + "BDAT 1 LAST\r\nxNOOP\r\n", "552 552 250", 0},
		{"three recipients", greeting + rcpt + rcpt + "NOOP\r\n", "250 250 250", 0},
		{"four recipients", greeting + rcpt + rcpt + rcpt + "NOOP\r\n", "250 250 452 250", 0},
		{"line of 4096 octets", greeting + "NOOP " + strings.Repeat("x", maxLine-7) + "\r\n", "250", 0},
		{"line of 4097 octets", greeting + "NOOP " + strings.Repeat("x", maxLine-6) + "\r\nNOOP\r\n", "500 250", 0},
		{"line of 1 MiB", greeting + strings.Repeat("x", 1<<20) + "\r\nNOOP\r\n", "500 250", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, limits, func(t *testing.T, w *world) {
				out := exchange(t, w, tt.in)
				_, out, _ = strings.Cut(out, "recipient taken\r\n") // the answers to greeting
				var codes []string
				for line := range strings.Lines(out) {
					codes = append(codes, line[:3])
				}
				if got := strings.Join(codes, " "); got != tt.want {
					t.Errorf("answered %s, want %s", got, tt.want)
				}
				if got := inbox(t, w); len(got) != tt.holds {
					t.Errorf("%d messages delivered, want %d", len(got), tt.holds)
				}
			})
		})
	}
	t.Run("connections", func(t *testing.T) {
		inWorld(t, limits, func(t *testing.T, w *world) {
			for i, want := range []string{"220", "220", "421"} {
				c, err := w.Dial("lmtp", netip.MustParseAddr("192.0.2.1"))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				code := make([]byte, 3)
				if _, err := c.Read(code); err != nil || string(code) != want {
					t.Errorf("connection %d was greeted with %q, %v, want %s", i+1, code, err, want)
				}
			}
		})
	})
}

// TestLarge: a message larger than the engine keeps in a record arrives whole.
func TestLarge(t *testing.T) {
	inWorld(t, Limits{}, func(t *testing.T, w *world) {
		body := "A: b\r\n\r\n" + strings.Repeat(strings.Repeat("y", 998)+"\r\n", 3000)
		out := exchange(t, w, greeting+fmt.Sprintf("BDAT %d LAST\r\n", len(body))+body)
		if got := inbox(t, w); len(got) != 1 || got[0] != body {
			t.Errorf("%d messages, or other octets\n%s", len(got), out)
		}
	})
}

// FuzzSession: whatever a client sends, the server answers lines that are
// replies, and ends when the client does.
func FuzzSession(f *testing.F) {
	f.Add([]byte(greeting + "DATA\r\nA: b\r\n\r\n.\r\nQUIT\r\n"))
	f.Add([]byte(greeting + "BDAT 3\r\nabcBDAT 2 LAST\r\n\r\nRSET\r\nVRFY x\r\nHELP\r\nEXPN\r\n"))
	f.Add([]byte("LHLO x\r\nMAIL FROM:<grün@x> SMTPUTF8 BODY=8BITMIME SIZE=7\r\nRCPT TO:<\"a b\"@example.org>\r\nDATA\r\n..\r\n.\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		inWorld(t, Limits{MaxMessage: 1 << 16}, func(t *testing.T, w *world) {
			out := exchange(t, w, string(in))
			for line := range strings.Lines(out) {
				if len(line) < 6 || len(line) > 512+64 || !strings.HasSuffix(line, "\r\n") || line[0] < '2' || line[0] > '5' || line[3] != ' ' && line[3] != '-' {
					t.Errorf("not a reply: %q", line)
				}
				if bytes.ContainsAny([]byte(line[:len(line)-2]), "\r\n\x00") {
					t.Errorf("a control character in %q", line)
				}
			}
		})
	})
}
