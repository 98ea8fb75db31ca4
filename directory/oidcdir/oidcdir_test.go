package oidcdir

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"poststube/directory"
)

// A provider is an OpenID Connect provider in this process.
type provider struct {
	*httptest.Server
	keys   map[string]crypto.Signer
	served *oidctest.Server
	down   atomic.Bool
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{keys: make(map[string]crypto.Signer), served: &oidctest.Server{Algorithms: []string{"RS256", "ES256", "HS256", "none"}}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down.Load() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		p.served.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	p.served.SetIssuer(p.URL)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.add("r", rsaKey, "RS256")
	return p
}

func (p *provider) add(kid string, key crypto.Signer, algorithm string) {
	p.keys[kid] = key
	p.served.PublicKeys = append(p.served.PublicKeys, oidctest.PublicKey{PublicKey: key.Public(), KeyID: kid, Algorithm: algorithm})
}

// sign makes a token of good claims, of which some are changed; nil takes one out.
func (p *provider) sign(t *testing.T, kid, algorithm string, key crypto.PrivateKey, change map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": p.URL, "aud": "mail", "azp": "webmail", "sub": "s1", "preferred_username": "anna",
		"exp": time.Now().Add(time.Hour).Unix(), "groups": []string{"sales", "/all staff"}}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	b, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return oidctest.SignIDToken(key, kid, algorithm, string(b))
}

func config(p *provider) Config {
	return Config{Issuer: p.URL, Audience: "mail", Clients: []string{"webmail", "phone"}, Name: "preferred_username", Groups: "groups"}
}

func open(t *testing.T, c Config) *Tokens {
	t.Helper()
	tokens, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestVerify(t *testing.T) {
	p := startProvider(t)
	good := p.keys["r"]
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := config(p)
	byMail := c
	byMail.Name, byMail.Groups, byMail.Clients = "email", "", nil
	tokens, mails := open(t, c), open(t, byMail)
	sign := func(change map[string]any) string { return p.sign(t, "r", "RS256", good, change) }
	header := func(h, claims string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(h)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
	}
	soon, past := time.Now().Add(time.Minute).Unix(), time.Now().Add(-time.Minute).Unix()
	for _, c := range []struct {
		name   string
		tokens *Tokens
		token  string
		wrong  string // in the error; "": the token is good
	}{
		{"good", tokens, sign(nil), ""},
		{"several audiences", tokens, sign(map[string]any{"aud": []string{"other", "mail"}}), ""},
		{"another client", tokens, sign(map[string]any{"azp": "phone"}), ""},
		{"client_id for azp", tokens, sign(map[string]any{"azp": nil, "client_id": "phone"}), ""},
		{"nbf a moment ahead", tokens, sign(map[string]any{"nbf": soon}), ""},
		{"address verified", mails, sign(map[string]any{"email": "a@example.org", "email_verified": true}), ""},
		{"expired", tokens, sign(map[string]any{"exp": past}), "expired"},
		{"no exp", tokens, sign(map[string]any{"exp": nil}), "expired"},
		{"not yet", tokens, sign(map[string]any{"nbf": soon + 3600}), "nbf"},
		{"for others", tokens, sign(map[string]any{"aud": "other"}), "audience"},
		{"for nobody", tokens, sign(map[string]any{"aud": nil}), "audience"},
		{"prefix of the audience", tokens, sign(map[string]any{"aud": "mailx"}), "audience"},
		{"another issuer", tokens, sign(map[string]any{"iss": p.URL + "/"}), "different provider"},
		{"issued to others", tokens, sign(map[string]any{"azp": "evil"}), "another client"},
		{"issued to nobody", tokens, sign(map[string]any{"azp": nil}), "another client"},
		{"azp before client_id", tokens, sign(map[string]any{"azp": "evil", "client_id": "phone"}), "another client"},
		{"no sub", tokens, sign(map[string]any{"sub": nil}), "sub"},
		{"no name", tokens, sign(map[string]any{"preferred_username": nil}), "preferred_username"},
		{"a number for a name", tokens, sign(map[string]any{"preferred_username": 7}), "preferred_username"},
		{"address not verified", mails, sign(map[string]any{"email": "a@example.org", "email_verified": false}), "not verified"},
		{"address, nothing said", mails, sign(map[string]any{"email": "a@example.org"}), "not verified"},
		{"another key, same kid", tokens, p.sign(t, "r", "RS256", stranger, nil), "signature"},
		{"unknown kid", tokens, p.sign(t, "x", "RS256", stranger, nil), "signature"},
		{"good key, unknown kid", tokens, p.sign(t, "x", "RS256", good, nil), "signature"},
		{"kid of another key", tokens, p.sign(t, "r", "ES256", elliptical, nil), "signature"},
		{"signed with the public key", tokens, p.sign(t, "r", "HS256", []byte(p.URL+strings.Repeat("x", 64)), nil), "malformed"},
		{"algorithm none", tokens, header(`{"alg":"none","kid":"r"}`, `{"iss":"`+p.URL+`","aud":"mail"}`), "malformed"},
		{"cut", tokens, sign(nil)[:40], "malformed"},
		{"changed", tokens, strings.Replace(sign(nil), ".", ".e30", 1), "signature"},
		{"empty", tokens, "", "malformed"},
		{"no token", tokens, "anna", "malformed"},
	} {
		claims, err := c.tokens.Verify(t.Context(), c.token)
		if c.wrong == "" && (err != nil || claims.Subject != "s1") {
			t.Errorf("%s: %+v, %v", c.name, claims, err)
		}
		if c.wrong != "" && (!errors.Is(err, directory.ErrToken) || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%s: %+v, %v, want %q", c.name, claims, err, c.wrong)
		}
	}
	// A new key is fetched when a token needs it.
	p.add("e", elliptical, "ES256")
	if _, err := tokens.Verify(t.Context(), p.sign(t, "e", "ES256", elliptical, nil)); err != nil {
		t.Errorf("signed with the new key: %v", err)
	}
}

func TestClaims(t *testing.T) {
	p := startProvider(t)
	tokens := open(t, config(p))
	for _, c := range []struct {
		groups any
		list   []string
		ok     bool
	}{
		{[]string{"sales", "/all staff"}, []string{"sales", "/all staff"}, true},
		{"sales", []string{"sales"}, true},
		{[]string{}, []string{}, true},
		{nil, nil, false},
		{7, nil, false},
		{[]any{"sales", 7}, nil, false},
		{map[string]string{"a": "b"}, nil, false},
	} {
		got, err := tokens.Verify(t.Context(), p.sign(t, "r", "RS256", p.keys["r"], map[string]any{"groups": c.groups}))
		if err != nil || got.Grouped != c.ok || c.ok && !reflect.DeepEqual(got.Groups, c.list) || got.Name != "anna" || time.Until(got.Expires) < 59*time.Minute {
			t.Errorf("%v: %+v, %v", c.groups, got, err)
		}
	}
}

// TestProviderDown: that the provider can't be asked is no judgement of the token.
func TestProviderDown(t *testing.T) {
	p := startProvider(t)
	tokens := open(t, config(p))
	token := p.sign(t, "r", "RS256", p.keys["r"], nil)
	p.down.Store(true)
	if _, err := tokens.Verify(t.Context(), token); err == nil || errors.Is(err, directory.ErrToken) {
		t.Errorf("before anything is known: %v", err)
	}
	p.down.Store(false)
	if _, err := tokens.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	p.down.Store(true)
	if _, err := tokens.Verify(t.Context(), token); err != nil {
		t.Errorf("the key is known: %v", err)
	}
	if _, err := tokens.Verify(t.Context(), p.sign(t, "new", oidc.RS256, p.keys["r"], nil)); err == nil || errors.Is(err, directory.ErrToken) {
		t.Errorf("a key that is not known yet: %v", err)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		wrong  string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Issuer = "http://127.0.0.1:8080/realms/x" }, ""},
		{func(c *Config) { c.Issuer = "http://id.example.org" }, "issuer"},
		{func(c *Config) { c.Issuer = "id.example.org" }, "issuer"},
		{func(c *Config) { c.Audience = "" }, "audience"},
		{func(c *Config) { c.Name = "" }, "name"},
	} {
		conf := Config{Issuer: "https://id.example.org", Audience: "mail", Name: "preferred_username"}
		c.change(&conf)
		if _, err := New(conf); (err == nil) != (c.wrong == "") || err != nil && !strings.HasPrefix(err.Error(), c.wrong) {
			t.Errorf("%+v: %v, want %q", conf, err, c.wrong)
		}
	}
}
