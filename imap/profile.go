package imap

import (
	"cmp"
	"fmt"
	"strings"
)

// A Profile hides capabilities from some clients or users: some programs use what
// they don't do well. What is hidden is not announced, ENABLE ignores it, and
// commands of an extension that is hidden altogether don't exist.
type Profile struct {
	// Client is a pattern for what a client says of itself by ID, its name and
	// version, and User one for the login name. In both "*" stands for any
	// text, and case makes no difference. An empty pattern matches everything;
	// both must match.
	Client, User string
	// Hide names capabilities, such as "UIDONLY" or "COMPRESS=DEFLATE". What
	// stands behind "=" may be left out.
	Hide []string
}

// DefaultProfiles are for what is known to go wrong: Outlook enables UIDONLY and
// then shows no new messages.
func DefaultProfiles() []Profile {
	hide := []string{"UIDONLY", "UIDBATCHES"}
	return []Profile{{Client: "*outlook*", Hide: hide}, {Client: "*microsoft*", Hide: hide}}
}

// ParseProfile reads "CLIENT USER CAPABILITY…", as String writes it.
func ParseProfile(text string) (Profile, error) {
	words := strings.Fields(text)
	if len(words) < 3 {
		return Profile{}, fmt.Errorf("%q is not \"CLIENT USER CAPABILITY...\"", text)
	}
	return Profile{Client: words[0], User: words[1], Hide: words[2:]}, nil
}

// String implements fmt.Stringer.
func (p Profile) String() string {
	words := append([]string{cmp.Or(p.Client, "*"), cmp.Or(p.User, "*")}, p.Hide...)
	return strings.Join(words, " ")
}

// setProfile finds out what is hidden from the session, which depends on who it
// is and what the client calls itself.
func (s *session) setProfile() {
	user := ""
	if s.user != nil {
		user = s.user.Principal().Name
	}
	s.hidden = nil
	for _, p := range s.srv.profiles {
		if p.matches(s.client, user) {
			s.hidden = append(s.hidden, p.Hide...)
		}
	}
}

func (p *Profile) matches(client, user string) bool {
	return wildcard(p.Client, client) && wildcard(p.User, user)
}

// wildcard compares a text with a pattern in which "*" stands for any text.
func wildcard(pattern, text string) bool {
	if pattern == "" {
		return true
	}
	text = strings.ToLower(text)
	parts := strings.Split(strings.ToLower(pattern), "*")
	last := len(parts) - 1
	if last == 0 {
		return text == parts[0]
	}
	text, ok := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1:last] {
		_, rest, found := strings.Cut(text, part)
		text, ok = rest, ok && found
	}
	return ok && strings.HasSuffix(text, parts[last])
}

// hides tells whether a capability is hidden from the session.
func (s *session) hides(capability string) bool {
	name, _, _ := strings.Cut(capability, "=")
	for _, h := range s.hidden {
		if strings.EqualFold(h, capability) || strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}

// hidesAll tells whether everything that an extension announces is hidden.
func (s *session) hidesAll(x *extension) bool {
	if len(s.hidden) == 0 || x.capabilities == nil {
		return false
	}
	names := x.capabilities(s)
	for _, name := range names {
		if !s.hides(name) {
			return false
		}
	}
	return len(names) > 0
}
