package mail

// ClaimRecent makes the messages with UIDs below next that no session has
// claimed yet \Recent in this one (RFC 3501 section 2.3.2), and returns the UID
// of the first of them; it is next, or greater, if there are none. It is for
// messages that arrive while the mailbox is selected; State claims the earlier
// ones.
func (b *Mailbox) ClaimRecent(next uint32) (from uint32) {
	return b.user.engine.claimRecent(b.id, 1, next)
}
