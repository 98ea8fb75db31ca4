package imap

import (
	"slices"

	"poststube/mail"
	"poststube/uidset"
)

// A watchedMailbox is one of whose messages a client wants to know although it
// is not selected.
type watchedMailbox struct {
	id     mail.MailboxID
	name   string
	events events
	mark   mail.ModSeq // up to where the client knows what has happened
	status mail.Status // as it was told last
}

// watchedBy returns the mailboxes that a notification wants to know the messages
// of, as far as the user may know them (section 5: l and r).
func (s *session) watchedBy(n *notification) (list []watchedMailbox) {
	if n.wants()&messageEvents == 0 {
		return nil
	}
	for _, name := range s.live.names {
		if name.attrs&(attrNonExistent|attrNoSelect) != 0 {
			continue
		}
		if ev := n.of(s, name.name, name.attrs) & messageEvents; ev != 0 {
			list = append(list, watchedMailbox{id: name.id, name: name.name, events: ev})
		}
	}
	return list
}

// startWatching finds the state of the watched mailboxes, and tells it if the
// client has asked for that.
func (s *session) startWatching(n *notification) error {
	return s.readStatus(n.watched, func(w *watchedMailbox) {
		if n.status && !s.isSelected(w.id) {
			s.notifyLine(w, w.events)
		}
	})
}

func (s *session) isSelected(id mail.MailboxID) bool { return s.box != nil && s.box.mailbox.ID() == id }

// readStatus reads the state of mailboxes in one snapshot and visits those that
// are there.
func (s *session) readStatus(list []watchedMailbox, visit func(*watchedMailbox)) error {
	if len(list) == 0 {
		return nil
	}
	infos := make([]mail.Info, len(list))
	for i := range list {
		infos[i].ID = list[i].id
	}
	return s.user.Statuses(s.ctx, infos, mail.WantAllStatus, func(i int, st mail.Status) {
		list[i].status, list[i].mark = st, st.HighestModSeq
		visit(&list[i])
	})
}

// rewatch follows a change of the names: mailboxes that have come are watched from
// now on, those that have gone no longer (section 5.9).
func (s *session) rewatch() error {
	n := s.notify
	list := s.watchedBy(n)
	if len(list) > s.srv.limits.NotifyNames {
		s.overflow()
		return nil
	}
	var fresh []watchedMailbox
	for i := range list {
		w := &list[i]
		if at := slices.IndexFunc(n.watched, func(o watchedMailbox) bool { return o.id == w.id }); at >= 0 {
			w.mark, w.status = n.watched[at].mark, n.watched[at].status
		} else {
			fresh = append(fresh, *w)
		}
	}
	n.watched = list
	s.aim() // before the new ones are looked at
	return s.readStatus(fresh, func(f *watchedMailbox) {
		for i := range list {
			if list[i].id == f.id {
				list[i].mark, list[i].status = f.mark, f.status
			}
		}
	})
}

// syncStatus tells by STATUS what has happened in the watched mailboxes, when
// there was a hint (sections 5.1 to 5.3). What this session has done itself is
// left out.
func (s *session) syncStatus(mine created) error {
	l, n := &s.live, s.notify
	if l.messages != nil {
		select {
		case <-l.messages.C():
			l.touched = true
		default:
		}
	}
	if !l.touched || len(n.watched) == 0 {
		return nil
	}
	l.touched = false
	ids := make([]mail.MailboxID, len(n.watched))
	for i := range n.watched {
		ids[i] = n.watched[i].id
	}
	marks, err := s.user.Marks(s.ctx, ids)
	if err != nil {
		l.touched = true
		return err
	}
	for i := range n.watched {
		w := &n.watched[i]
		if marks[i] == 0 || marks[i] == w.mark {
			continue
		}
		if err := s.statusChange(w, mine); err != nil {
			return err
		}
	}
	return nil
}

// statusChange tells what has changed in a watched mailbox.
func (s *session) statusChange(w *watchedMailbox, mine created) error {
	before, since := w.status, w.mark
	one := []watchedMailbox{*w}
	if err := s.readStatus(one, func(*watchedMailbox) {}); err != nil {
		return err
	}
	*w = one[0]
	if s.isSelected(w.id) || w.mark == since {
		return nil // the client is told otherwise, or it is gone
	}
	if mine.in == w.id {
		if own, err := s.onlyMine(w.id, since, mine); own || err != nil {
			return err
		}
	}
	var changed events
	if before.Exists != w.status.Exists || before.UIDNext != w.status.UIDNext {
		changed = messageNew | messageExpunge
	}
	if changed == 0 && (s.dialect.condstore || before.Unseen != w.status.Unseen) {
		changed = flagChange
	}
	if changed &= w.events; changed != 0 {
		s.notifyLine(w, changed|w.events&flagChange)
	}
	return nil
}

// onlyMine tells whether what has happened in a mailbox since is only that this
// session has put messages there.
func (s *session) onlyMine(id mail.MailboxID, since mail.ModSeq, mine created) (bool, error) {
	box, err := s.user.OpenID(s.ctx, id)
	if err != nil {
		return false, nil // gone, or no longer readable: the list tells
	}
	ch, err := box.Changes(s.ctx, since)
	if err != nil || ch.Gone || ch.Incomplete {
		return false, err
	}
	return ch.Changed.Empty() && ch.Vanished.Empty() && ch.Arrived.Subtract(mine.uids).Empty(), nil
}

// created are messages that a command has put into a mailbox.
type created struct {
	in   mail.MailboxID
	uids uidset.Set
}

// notifyLine writes the STATUS of a watched mailbox as far as the events are
// about it. HIGHESTMODSEQ is told to who uses modseqs, and at the beginning, when
// flags are of interest, to everybody.
func (s *session) notifyLine(w *watchedMailbox, ev events) {
	e := s.enc.Raw("* STATUS ").Mailbox(w.name).Raw(" (UIDVALIDITY ").Number(w.status.UIDValidity)
	if ev&(messageNew|messageExpunge) != 0 {
		e.Raw(" MESSAGES ").Number(w.status.Exists).Raw(" UIDNEXT ").Number(w.status.UIDNext)
	}
	if ev&flagChange != 0 {
		e.Raw(" UNSEEN ").Number(w.status.Unseen)
	}
	if s.dialect.condstore || ev&flagChange != 0 {
		e.Raw(" HIGHESTMODSEQ ").Uint64(uint64(w.status.HighestModSeq))
	}
	e.Raw(")\r\n")
}
