package server

import (
	"fmt"

	"poststube/directory/oidcdir"
)

// OIDC says whose tokens people can log in with.
type OIDC struct {
	Issuer   string   `toml:"issuer" doc:"URL of the OpenID Connect provider, exactly as its tokens have it in iss. Empty: no tokens are taken."`
	Audience string   `toml:"audience" doc:"Whom tokens must be meant for (aud): what this server is called at the provider."`
	Clients  []string `toml:"clients" doc:"To which programs they may have been issued (azp, or client_id). Default: to any."`
	Name     string   `toml:"name" doc:"The claim with the login name. \"email\" counts only if the provider says that it is verified."`
	Groups   string   `toml:"groups" doc:"The claim with the names of the person's groups; empty: tokens tell of no groups."`
	Create   bool     `toml:"create" doc:"Add people and groups whom a token names and who are not here."`
	Adopt    bool     `toml:"adopt" doc:"Let tokens decide who is in a group that was added here and has the name."`
}

func defaultOIDC() OIDC { return OIDC{Name: "preferred_username"} }

// tokens returns what a directory is opened with, or nil if there is no provider.
func (o *OIDC) tokens() (*oidcdir.Tokens, error) {
	if o.Issuer == "" {
		return nil, nil
	}
	t, err := oidcdir.New(oidcdir.Config{Issuer: o.Issuer, Audience: o.Audience, Clients: o.Clients, Name: o.Name, Groups: o.Groups})
	if err != nil {
		return nil, fmt.Errorf("oidc.%w", err)
	}
	return t, nil
}
