package imap_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"poststube/dialogue/house"
)

// TestSCRAM logs in by the mechanisms whose responses a dialogue can't hold,
// because they differ each time (RFC 5802, RFC 7677, RFC 9266).
func TestSCRAM(t *testing.T) {
	h, err := house.New()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.Set([]string{"user", "anna"}, nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mech, protocol, password string
		hash                     scram.HashGeneratorFcn
		initial                  bool // initial response (SASL-IR)
		answer                   string
	}{
		{"SCRAM-SHA-256", "imap", "secret", scram.SHA256, true, "OK [CAPABILITY "},
		{"SCRAM-SHA-256", "imap", "secret", scram.SHA256, false, "OK [CAPABILITY "},
		{"SCRAM-SHA-1", "imap", "secret", scram.SHA1, true, "OK [CAPABILITY "},
		{"SCRAM-SHA-256-PLUS", "imaps", "secret", scram.SHA256, true, "OK [CAPABILITY "},
		{"SCRAM-SHA-1-PLUS", "imaps", "secret", scram.SHA1, false, "OK [CAPABILITY "},
		{"SCRAM-SHA-256-PLUS", "imap", "secret", scram.SHA256, true, "NO [CANNOT]"},
		{"SCRAM-SHA-256-PLUS", "end point", "secret", scram.SHA256, true, "OK [CAPABILITY "},
		{"SCRAM-SHA-1-PLUS", "end point", "secret", scram.SHA1, true, "OK [CAPABILITY "},
		{"SCRAM-SHA-256-PLUS", "other end point", "secret", scram.SHA256, true, "NO [AUTHENTICATIONFAILED]"},
	} {
		t.Run(fmt.Sprintf("%s %s %v", tt.mech, tt.protocol, tt.initial), func(t *testing.T) {
			protocol := tt.protocol
			if strings.HasSuffix(protocol, "end point") {
				protocol = "imaps"
			}
			conn, err := h.Dial(protocol, netip.MustParseAddr("192.0.2.1"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			client, err := tt.hash.NewClient("anna", tt.password, "")
			if err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(conn)
			if greeting := line(t, r); !strings.HasPrefix(greeting, "* OK") {
				t.Fatal(greeting)
			}
			if got := authenticate(t, conn, r, tt.mech, conversation(t, client, conn, tt.mech, tt.protocol), tt.initial); !strings.HasPrefix(got, tt.answer) {
				t.Errorf("answered %q, want %s", got, tt.answer)
			}
		})
	}
}

// conversation starts the client's side, bound to the TLS connection for -PLUS.
func conversation(t *testing.T, client *scram.Client, conn net.Conn, mech, binding string) *scram.ClientConversation {
	tc, ok := conn.(*tls.Conn)
	if !strings.HasSuffix(mech, "-PLUS") || !ok {
		return client.NewConversation()
	}
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	state := tc.ConnectionState()
	if strings.HasSuffix(binding, "end point") {
		data, err := scram.NewTLSServerEndpointBinding(&state)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(binding, "other") { // somebody in between has shown another certificate
			data.Data[0] ^= 1
		}
		return client.NewConversationWithChannelBinding(data)
	}
	data, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		t.Fatal(err)
	}
	return client.NewConversationWithChannelBinding(scram.ChannelBinding{Type: scram.ChannelBindingTLSExporter, Data: data})
}

func line(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	l, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(l, "\r\n")
}

// authenticate does the exchange and returns the tagged response without its tag.
func authenticate(t *testing.T, conn net.Conn, r *bufio.Reader, mech string, c *scram.ClientConversation, initial bool) string {
	t.Helper()
	first, err := c.Step("")
	if err != nil {
		t.Fatal(err)
	}
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	if initial {
		fmt.Fprintf(conn, "a AUTHENTICATE %s %s\r\n", mech, encode(first))
	} else {
		fmt.Fprintf(conn, "a AUTHENTICATE %s\r\n", mech)
	}
	for sent := initial; ; sent = true {
		l := line(t, r)
		challenge, ok := strings.CutPrefix(l, "+ ")
		if !ok {
			return strings.TrimPrefix(l, "a ")
		}
		if !sent {
			fmt.Fprintf(conn, "%s\r\n", encode(first))
			continue
		}
		decoded, err := base64.StdEncoding.DecodeString(challenge)
		if err != nil {
			t.Fatal(err)
		}
		response, err := c.Step(string(decoded))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s\r\n", encode(response))
	}
}
