package oidcdir

import (
	"encoding/json"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"

	"poststube/directory"
)

// claims reads what a valid token says.
func (t *Tokens) claims(token *oidc.IDToken) (directory.Claims, error) {
	c := directory.Claims{Subject: token.Subject, Expires: token.Expiry}
	var all map[string]json.RawMessage
	if err := token.Claims(&all); err != nil {
		return c, invalid("%v", err)
	}
	if c.Name = text(all[t.config.Name]); c.Name == "" || c.Subject == "" {
		return c, invalid("it has no claim %q, or no sub", t.config.Name)
	}
	if t.config.Name == "email" && !isTrue(all["email_verified"]) {
		return c, invalid("the address in it is not verified") // anybody could claim it
	}
	if len(t.config.Clients) > 0 {
		client := text(all["azp"])
		if client == "" {
			client = text(all["client_id"]) // RFC 9068 section 2.2
		}
		if !slices.Contains(t.config.Clients, client) {
			return c, invalid("it was issued to another client, %.100q", client)
		}
	}
	if t.config.Groups != "" {
		c.Groups, c.Grouped = texts(all[t.config.Groups])
	}
	return c, nil
}

// text returns a claim that is a text, and is empty for all others.
func text(raw json.RawMessage) (s string) {
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// isTrue takes the text "true" as well, which some providers write.
func isTrue(raw json.RawMessage) bool { return string(raw) == "true" || text(raw) == "true" }

// texts returns a claim that is a list of texts, or one text. ok is false for a
// claim that is not there, or is something else.
func texts(raw json.RawMessage) (list []string, ok bool) {
	if len(raw) == 0 {
		return nil, false
	}
	if s := text(raw); s != "" {
		return []string{s}, true
	}
	if string(raw) == "null" || json.Unmarshal(raw, &list) != nil {
		return nil, false
	}
	return list, true
}
