// Package notify wakes those who wait for changes. A hint says only that
// something under a topic was committed; the truth is in the change log. Hints
// may be merged and may come without need, but after a commit every subscriber
// of its topics is woken at least once.
package notify

// A Bus carries hints from commits to sessions.
type Bus interface {
	// Publish wakes the subscribers of the topics. It never blocks.
	Publish(topics ...string)
	// Subscribe starts a subscription without topics.
	Subscribe() Subscription
}

// A Subscription collects hints for one waiter.
type Subscription interface {
	// C receives a value when a topic was published since the last receive.
	// It is buffered: a hint that comes while nobody waits is kept, later
	// ones merge with it.
	C() <-chan struct{}
	// Set replaces the topics of the subscription. A hint that is already
	// waiting stays.
	Set(topics ...string)
	// Close ends the subscription. C is not closed.
	Close()
}
