package imap

// CommandNames returns the names of all commands, for tests from outside.
func CommandNames() (names []string) {
	for _, x := range extensions() {
		for _, c := range x.commands {
			names = append(names, c.name)
		}
	}
	return names
}
