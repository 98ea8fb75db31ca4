package imap

import (
	"slices"
	"strings"

	"poststube/mail"
)

// live is what a session needs to tell its client of what happens outside of the
// selected mailbox, and at once. A hint costs nothing until the session wants to
// say something; only then it looks what the hint was about.
type live struct {
	// tree tells when mailboxes, rights or subscriptions may have changed. nil:
	// the client has not asked for names and not waited yet, so there is
	// nothing that it would have to know.
	tree *mail.Watch
	// stale and noted: a hint of tree was taken and not followed yet, for the
	// names and for the annotations.
	stale, noted bool
	// names are the mailboxes that the client knows, or could have known when
	// it last asked.
	names []toldName
	notes mail.MetadataCursor // nil: changes of annotations are not told

	// messages tells, while the session waits, when something may have
	// happened in the mailboxes aimed.
	messages *mail.Watch
	aimed    []mail.MailboxID
	touched  bool // a hint of messages was taken and not followed yet
}

// close ends the watches.
func (l *live) close() {
	for _, w := range []*mail.Watch{l.tree, l.messages} {
		if w != nil {
			w.Close()
		}
	}
	*l = live{}
}

// A toldName is a name as a LIST line has told it.
type toldName struct {
	id    mail.MailboxID // zero: only a name above others
	name  string
	attrs attributes
}

// attributes are those of a name that do not follow from other names.
type attributes uint16

const (
	attrNonExistent attributes = 1 << iota
	attrNoSelect
	attrSubscribed
	attrUses // and the bits above: the special uses in the order of mail.SpecialUses
)

// told returns info as it is remembered.
func told(info *mail.Info) toldName {
	n := toldName{id: info.ID, name: info.Name}
	if info.NonExistent {
		n.attrs |= attrNonExistent
	}
	if info.NoSelect {
		n.attrs |= attrNoSelect
	}
	if info.Subscribed {
		n.attrs |= attrSubscribed
	}
	for _, use := range info.SpecialUse {
		if i := slices.Index(mail.SpecialUses, use); i >= 0 {
			n.attrs |= attrUses << i
		}
	}
	return n
}

// mailboxes returns all mailboxes, and remembers them as told if the client asks
// for all of them, or never asked before.
func (s *session) mailboxes(all bool) ([]mail.Info, error) {
	l := &s.live
	if l.tree != nil && !all {
		return s.user.Mailboxes(s.ctx)
	}
	if l.tree == nil {
		l.tree = s.user.Watch()
	}
	l.hint() // whatever it was about, the answer has it
	infos, err := l.tree.Mailboxes(s.ctx)
	if err != nil {
		l.stale = true
		return nil, err
	}
	l.remember(infos)
	return infos, nil
}

// hint takes the hint of tree, if one has come, and tells whether there is
// something to look at.
func (l *live) hint() bool {
	select {
	case <-l.tree.C():
		l.stale, l.noted = true, true
	default:
	}
	return l.stale
}

// remember makes infos what the client knows.
func (l *live) remember(infos []mail.Info) {
	l.stale = false
	if cap(l.names) < len(infos) || cap(l.names) > 2*len(infos)+16 {
		l.names = make([]toldName, 0, len(infos))
	}
	l.names = l.names[:0]
	for i := range infos {
		l.names = append(l.names, told(&infos[i]))
	}
}

// syncList tells the client by LIST lines which mailboxes have come, gone,
// changed their names or attributes, also for want of a right or by a new one
// (RFC 9051 sections 6.3.4 to 6.3.6, RFC 5465 sections 5.4 and 5.5). It costs
// nothing unless there was a hint.
func (s *session) syncList() error {
	l := &s.live
	if l.tree == nil {
		_, err := s.mailboxes(false)
		return err
	}
	if !l.hint() {
		return nil
	}
	infos, err := l.tree.Mailboxes(s.ctx)
	if err != nil {
		return err
	}
	changes := compareLists(l.names, infos)
	l.remember(infos)
	if s.notify != nil {
		s.notifyList(changes, infos)
		return s.rewatch()
	}
	for i := range changes {
		s.changeLine(&changes[i], false)
	}
	return nil
}

// changeLine writes the LIST line of a change.
func (s *session) changeLine(ch *listChange, noAccess bool) {
	m := match{Info: ch.now, unasked: true, oldName: ch.oldName, noAccess: noAccess}
	if m.Info == nil {
		m.Info = &mail.Info{Name: ch.name, NonExistent: true}
	}
	s.listMatch(&listRequest{extended: true, showSubscribed: true, showChildren: ch.now != nil, showSpecialUse: true}, &m)
}

// What a client does itself it need not be told. The following bring what it
// knows up to date with its own commands, however much others have done
// meanwhile.

// created notes a CREATE.
func (l *live) created(info *mail.Info) {
	if l.tree != nil {
		l.names = append(l.names, told(info))
	}
}

// deleted notes a DELETE.
func (l *live) deleted(name string) {
	l.names = slices.DeleteFunc(l.names, func(n toldName) bool { return n.name == name })
}

// moved notes a RENAME. That of INBOX makes a new mailbox, which the client is
// told of.
func (l *live) moved(from, to string) {
	if from == inbox {
		return
	}
	for i := range l.names {
		rest, ok := strings.CutPrefix(l.names[i].name, from)
		if ok && (rest == "" || rest[0] == hierarchySeparator) {
			l.names[i].name = to + rest
		}
	}
}

// subscribed notes a SUBSCRIBE or UNSUBSCRIBE.
func (l *live) subscribed(name string, on bool) {
	for i := range l.names {
		if n := &l.names[i]; n.name == name && on {
			n.attrs |= attrSubscribed
		} else if n.name == name {
			n.attrs &^= attrSubscribed
		}
	}
}
