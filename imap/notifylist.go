package imap

import (
	"strings"

	"poststube/mail"
)

// attributes returns those of a name as the client knows it.
func (l *live) attributes(name string) attributes {
	for i := range l.names {
		if l.names[i].name == name {
			return l.names[i].attrs
		}
	}
	return 0
}

// notifyList tells those changes of the list that the client wants to know (RFC
// 5465 sections 5.4 and 5.5). With a mailbox that has come or gone, its parent is
// told as well.
func (s *session) notifyList(changes []listChange, infos []mail.Info) {
	toldOf := make(map[string]bool)
	for i := range changes {
		toldOf[changes[i].name] = true
	}
	for i := range changes {
		ch := &changes[i]
		line, noAccess := s.wantsChange(ch)
		if line {
			s.changeLine(ch, noAccess)
		}
		cut := strings.LastIndexByte(ch.name, hierarchySeparator)
		if cut < 0 || ch.known && !ch.gone() {
			continue
		}
		if parent := ch.name[:cut]; !toldOf[parent] {
			toldOf[parent] = true
			s.parentLine(parent, infos)
		}
	}
}

// wantsChange tells whether the client wants a line of a change, and whether the
// line says that the mailbox can no longer be watched (section 5.9).
func (s *session) wantsChange(ch *listChange) (line, noAccess bool) {
	attrs := ch.was
	var now attributes
	if ch.now != nil {
		now = told(ch.now).attrs
		attrs |= now
	}
	var happened events
	if ch.known && !ch.gone() && (now^ch.was)&attrSubscribed != 0 {
		happened = subscriptionChange
	}
	if !ch.known || ch.gone() || ch.oldName != "" || (now^ch.was)&^attrSubscribed != 0 {
		happened |= mailboxName
	}
	wanted := s.notify.of(s, ch.name, attrs)
	if ch.oldName != "" {
		wanted |= s.notify.of(s, ch.oldName, attrs)
	}
	watched := wanted&messageEvents != 0
	lost := ch.gone() || now&attrNoSelect != 0
	regained := ch.known && ch.was&attrNoSelect != 0 && !lost
	switch {
	case wanted&happened != 0:
		return true, watched && lost && !ch.gone()
	case watched && (lost && ch.was&attrNoSelect == 0 && ch.known || regained):
		return true, lost
	}
	return false, false
}

// parentLine tells of the parent of a mailbox that has come or gone, if it is to
// be seen.
func (s *session) parentLine(name string, infos []mail.Info) {
	for i := range infos {
		if infos[i].Name != name {
			continue
		}
		if s.notify.of(s, name, told(&infos[i]).attrs)&mailboxName != 0 {
			s.changeLine(&listChange{name: name, now: &infos[i], known: true}, false)
		}
		return
	}
}
