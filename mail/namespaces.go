package mail

// Namespaces returns the prefixes under which the user sees mailboxes: the own
// ones, which is "", those of other people and those of groups (RFC 2342).
func (u *User) Namespaces() [3]string {
	return [3]string{Personal: "", OtherUsers: u.engine.config.OtherUsersPrefix, Shared: u.engine.config.SharedPrefix}
}
