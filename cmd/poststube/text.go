package main

import "strings"

// A text is what a user reads, in the languages that there are.
type text struct {
	en, de string
}

// t returns a text in the user's language.
func (a *app) t(t text) string {
	if a.german {
		return t.de
	}
	return t.en
}

// speaksGerman looks at the locale as setlocale(3) does for messages.
func speaksGerman(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			return strings.HasPrefix(value, "de")
		}
	}
	return false
}
