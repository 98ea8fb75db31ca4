package mail

import (
	"context"
	"slices"

	"poststube/acl"
	"poststube/directory"
	"poststube/notify"
)

// A Watch wakes a session when a look at Changes or Mailboxes is worth it: either
// at what happens in mailboxes (Messages), or at which mailboxes there are and
// what the user may do in them (Mailboxes). Two of them side by side tell a
// session which look that is. A Watch is used by one goroutine.
type Watch struct {
	user   *User
	sub    notify.Subscription
	topics []string
	// annotations: those of the owners' mailboxes and of the server as well.
	annotations bool
}

// Watch starts a watch on nothing.
func (u *User) Watch() *Watch { return &Watch{user: u, sub: u.engine.bus.Subscribe()} }

// C receives a value after something watched may have changed. A hint that
// comes while nobody waits is kept.
func (w *Watch) C() <-chan struct{} { return w.sub.C() }

// Close ends the watch.
func (w *Watch) Close() { w.sub.Close() }

// Messages says in which mailboxes messages and flags are watched. It must be
// called before the state is read from which changes are awaited. It costs a
// topic a mailbox.
func (w *Watch) Messages(mailboxes ...MailboxID) {
	topics := make([]string, len(mailboxes))
	for i, id := range mailboxes {
		topics[i] = mailboxTopic(id)
	}
	w.set(topics)
}

// Mailboxes is User.Mailboxes, and from then on everything is watched that can
// change the answer, or the user's rights in a mailbox that is in it. After a
// wake-up it must be called again, since the user may be in other groups then.
//
// It costs a topic for the user, one for each of the user's groups, and one for
// each owner in whose tree there are entries for them.
func (w *Watch) Mailboxes(ctx context.Context) ([]Info, error) {
	u := w.user
	if err := u.engine.Provision(ctx, u.principal); err != nil {
		return nil, err
	}
	// Each topic is joined before that is read which it watches, so that
	// nothing happens unseen in between.
	topics := w.owner([]string{userTopic(u.principal.ID), everyoneTopic}, u.principal.ID)
	if w.annotations {
		topics = append(topics, annotationTopic(server), privateTopic(u.principal.ID))
	}
	w.join(topics)
	subject, err := u.identity(ctx)
	if err != nil {
		return nil, u.engine.failure(ctx, "watch", err)
	}
	for _, g := range subject.Groups {
		topics = append(topics, accessTopic(acl.Who{Kind: acl.Group, ID: g}))
	}
	w.join(topics)
	var list []Info
	var grants []grant
	covered := false
	err = u.view(ctx, "list", func(t *txn) (err error) {
		if grants, err = t.grants(ctx); err != nil {
			return err
		}
		for _, g := range grants {
			topics = w.owner(topics, g.owner.ID)
		}
		// Usually all of them were watched before this snapshot was taken, and
		// it will do.
		if covered = w.watches(topics); covered {
			list, err = t.list(grants)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	w.set(topics)
	if covered {
		return list, nil
	}
	// Other grants that have come meanwhile have left a hint.
	err = u.view(ctx, "list", func(t *txn) (err error) {
		list, err = t.list(grants)
		return err
	})
	return list, err
}

// watches tells whether all topics are watched.
func (w *Watch) watches(topics []string) bool {
	for _, topic := range topics {
		if !slices.Contains(w.topics, topic) {
			return false
		}
	}
	return true
}

// owner adds the topics of an owner's mailboxes.
func (w *Watch) owner(topics []string, id directory.ID) []string {
	topics = append(topics, treeTopic(id))
	if w.annotations {
		topics = append(topics, annotationTopic(id))
	}
	return topics
}

// Annotations makes Mailboxes watch annotations (MetadataChanges) too, or no
// longer, from its next call on.
func (w *Watch) Annotations(on bool) { w.annotations = on }

// join watches topics in addition to those that are watched.
func (w *Watch) join(topics []string) {
	all := w.topics
	for _, topic := range topics {
		if !slices.Contains(w.topics, topic) {
			all = append(all[:len(all):len(all)], topic)
		}
	}
	w.set(all)
}

// set watches topics, and nothing else.
func (w *Watch) set(topics []string) {
	if slices.Equal(topics, w.topics) {
		return
	}
	w.topics = topics
	w.sub.Set(topics...)
}
