package imap

import (
	"slices"
	"strings"

	"poststube/imap/wire"
	"poststube/mail"
)

// notify is RFC 5465: the client says what it wants to be told of, and is told
// at any time, whether it waits in IDLE or not. How things are told is the
// business of sync; here the client's wishes are read.
func notify() extension {
	return extension{
		name:         "NOTIFY",
		rfc:          "RFC 5465",
		capabilities: always("NOTIFY"),
		commands:     []command{{name: "NOTIFY", states: loggedIn, heavy: true, read: readNotify}},
	}
}

// events is a set of things to be told of (section 5).
type events uint8

const (
	messageNew events = 1 << iota
	messageExpunge
	flagChange
	mailboxName
	subscriptionChange
	mailboxMetadata
	serverMetadata
	unsupported // an event that there is none of here

	messageEvents = messageNew | messageExpunge | flagChange
)

// eventNames are the events in the order in which BADEVENT lists them. There are
// no annotations of messages, so AnnotationChange is none of them.
var eventNames = []struct {
	name string // in capitals
	event
}{
	{"MESSAGENEW", event{messageNew, "MessageNew"}},
	{"MESSAGEEXPUNGE", event{messageExpunge, "MessageExpunge"}},
	{"FLAGCHANGE", event{flagChange, "FlagChange"}},
	{"MAILBOXNAME", event{mailboxName, "MailboxName"}},
	{"SUBSCRIPTIONCHANGE", event{subscriptionChange, "SubscriptionChange"}},
	{"MAILBOXMETADATACHANGE", event{mailboxMetadata, "MailboxMetadataChange"}},
	{"SERVERMETADATACHANGE", event{serverMetadata, "ServerMetadataChange"}},
}

type event struct {
	bit  events
	text string // as it is usually written
}

// A scope says which mailboxes an event group is about (section 6).
type scope uint8

const (
	scopeSelected scope = iota
	scopeDelayed
	scopePersonal
	scopeSubscribed
	scopeSubtree
	scopeMailboxes
)

// scopes are the mailbox specifiers. "inboxes" are all mailboxes into which mail
// may be delivered: that can be any personal one, by a subaddress.
var scopes = map[string]scope{
	"SELECTED": scopeSelected, "SELECTED-DELAYED": scopeDelayed, "PERSONAL": scopePersonal, "INBOXES": scopePersonal,
	"SUBSCRIBED": scopeSubscribed, "SUBTREE": scopeSubtree, "MAILBOXES": scopeMailboxes,
}

// An eventGroup is what the client wants to know of some mailboxes other than
// the selected one.
type eventGroup struct {
	scope  scope
	names  []string
	events events
}

// A notification is what a client that has used NOTIFY wants to be told. Its zero
// value is NOTIFY NONE.
type notification struct {
	// selected are the message events of the selected mailbox, delayed that
	// sequence numbers stay valid between commands (section 6.1.2).
	selected events
	delayed  bool
	fetch    *fetchRequest // what of new messages there; nil: nothing
	groups   []eventGroup
	status   bool // tell the state of the mailboxes at once

	watched []watchedMailbox
}

// run makes the notification hold from now on. What has happened before is told
// first, whatever it is (section 3.1).
func (n *notification) run(s *session) (answer, error) {
	for _, g := range n.groups {
		if len(g.names) > s.srv.limits.NotifyNames {
			return answer{}, s.errOverflow()
		}
	}
	if err := s.syncMailbox(syncing{everything: true}); err != nil || s.in == ended {
		return answer{}, err
	}
	if n.fetch != nil && n.fetch.condstore {
		s.dialect.condstore = true
	}
	if err := s.syncList(); err != nil {
		return answer{}, err
	}
	n.watched = s.watchedBy(n)
	if len(n.watched) > s.srv.limits.NotifyNames {
		return answer{}, s.errOverflow()
	}
	before := s.notify
	s.notify = n
	err := s.beginNotify()
	if err != nil {
		s.notify = before
	}
	return answer{}, err
}

// beginNotify looks where the things are from which changes are told.
func (s *session) beginNotify() error {
	n := s.notify
	s.live.aimed = nil // aim anew, before the mailboxes are looked at
	s.aim()
	s.noAccess(n)
	if n.wants()&(mailboxMetadata|serverMetadata) != 0 {
		if err := s.watchMetadata(); err != nil {
			return err
		}
	}
	return s.startWatching(n)
}

func (s *session) errOverflow() error {
	return no("NOTIFICATIONOVERFLOW", "At most %d mailboxes are watched for a session, ask for fewer", s.srv.limits.NotifyNames)
}

// wants returns all events that are wanted of mailboxes other than the selected
// one.
func (n *notification) wants() (set events) {
	for _, g := range n.groups {
		set |= g.events
	}
	return set
}

// of returns the events that are wanted of a mailbox when it is not selected,
// from its name as the client knows it.
func (n *notification) of(s *session, name string, attrs attributes) (set events) {
	for _, g := range n.groups {
		if g.covers(s, name, attrs) {
			set |= g.events
		}
	}
	return set
}

func (g *eventGroup) covers(s *session, name string, attrs attributes) bool {
	switch g.scope {
	case scopePersonal:
		prefixes := s.user.Namespaces()
		return !under(name, prefixes[mail.OtherUsers]) && !under(name, prefixes[mail.Shared])
	case scopeSubscribed:
		return attrs&attrSubscribed != 0
	case scopeMailboxes:
		return slices.Contains(g.names, name)
	}
	return slices.ContainsFunc(g.names, func(root string) bool { return under(name, root) })
}

// under tells whether a name is root, or below it.
func under(name, root string) bool {
	root = strings.TrimSuffix(root, string(hierarchySeparator))
	rest, ok := strings.CutPrefix(name, root)
	return ok && (rest == "" || rest[0] == hierarchySeparator)
}

// noAccess tells which of the mailboxes that were named may be listed, but not
// read (section 3.1).
func (s *session) noAccess(n *notification) {
	for _, name := range s.live.names {
		if name.attrs&attrNoSelect == 0 || name.attrs&attrNonExistent != 0 {
			continue
		}
		for i := range n.groups {
			if g := &n.groups[i]; g.scope == scopeMailboxes && g.covers(s, name.name, name.attrs) {
				s.listMatch(&listRequest{extended: true}, &match{Info: &mail.Info{Name: name.name, NoSelect: true}, unasked: true, noAccess: true})
				break
			}
		}
	}
}

// overflow ends all notifications because there would be too many (section 5.8).
func (s *session) overflow() {
	s.notify = &notification{}
	s.enc.Untagged(wire.OK, "NOTIFICATIONOVERFLOW", "Too many mailboxes, nothing more is notified")
}
