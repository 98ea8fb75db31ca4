package mail

import (
	"context"

	"poststube/acl"
	"poststube/directory"
	"poststube/notify"
)

// A Watch wakes a session when a look at Changes or Mailboxes is worth it. It is
// used by one goroutine.
type Watch struct {
	user *User
	sub  notify.Subscription
}

// Watch starts a watch on nothing.
func (u *User) Watch() *Watch { return &Watch{user: u, sub: u.engine.bus.Subscribe()} }

// C receives a value after something watched may have changed. A hint that
// comes while nobody waits is kept.
func (w *Watch) C() <-chan struct{} { return w.sub.C() }

// Set says what is watched: the mailboxes, with what can change the user's
// rights in them, and, with list, everything that can change what Mailboxes
// returns. It must be called before the state is read from which changes are
// awaited, and again after a wake-up if list is set, since the user may be in
// other groups then.
func (w *Watch) Set(ctx context.Context, list bool, mailboxes ...MailboxID) error {
	u := w.user
	var topics []string
	owners := make(map[directory.ID]bool)
	for _, id := range mailboxes {
		topics = append(topics, mailboxTopic(id))
		owners[id.Owner] = true
	}
	subject, err := u.identity(ctx)
	if err != nil {
		return u.engine.failure(ctx, "watch", err)
	}
	topics = append(topics, directory.Topic(u.principal.ID))
	t := txn{subject: subject}
	for _, who := range t.identifiers() {
		topics = append(topics, accessTopic(who))
		if who.Kind == acl.Group {
			topics = append(topics, directory.Topic(directory.ID(who.ID)))
		}
	}
	if list {
		owners[u.principal.ID] = true
		grants, err := u.grants(ctx)
		if err != nil {
			return err
		}
		for _, g := range grants {
			owners[g.owner.ID] = true
		}
	}
	for owner := range owners {
		topics = append(topics, treeTopic(owner))
	}
	w.sub.Set(topics...)
	return nil
}

// Close ends the watch.
func (w *Watch) Close() { w.sub.Close() }
