package server

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"
)

// TestOIDC: a whole server, and a provider in this process.
func TestOIDC(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	provider := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: oidc.RS256}}}
	srv := httptest.NewServer(provider)
	t.Cleanup(srv.Close)
	provider.SetIssuer(srv.URL)
	s := start(t, shortDir(t), func(c *Config) {
		c.OIDC.Issuer, c.OIDC.Audience, c.OIDC.Groups, c.OIDC.Create = srv.URL, "mail", "groups", true
	})
	login := func(audience string) string {
		token := oidctest.SignIDToken(key, "k", oidc.RS256, fmt.Sprintf(
			`{"iss":%q,"aud":%q,"sub":"1","exp":%d,"preferred_username":"anna","groups":["sales"]}`, srv.URL, audience, time.Now().Add(time.Hour).Unix()))
		response := base64.StdEncoding.EncodeToString([]byte("n,,\x01auth=Bearer " + token + "\x01\x01"))
		conn, r := dial(t, s, 0)
		defer conn.Close()
		fmt.Fprintf(conn, "a AUTHENTICATE OAUTHBEARER %s\r\n", response)
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	if got := login("mail"); !strings.HasPrefix(got, "a OK") {
		t.Errorf("a good token is answered with %s", got)
	}
	if got := login("others"); !strings.HasPrefix(got, "+ ey") {
		t.Errorf("a token for others is answered with %s", got)
	}
	service := s.Store().Admin()
	groups, err := service.Groups(t.Context())
	if err != nil || len(groups) != 1 || groups[0].Name != "sales" || len(groups[0].Members) != 1 || groups[0].Members[0] != "anna" {
		t.Errorf("groups %v, %v", groups, err)
	}
	if list, err := service.External(t.Context()); err != nil || len(list) != 1 || list[0].Source != "oidc" {
		t.Errorf("from elsewhere came %v, %v", list, err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}
