package imap

import (
	"strconv"

	"poststube/imap/wire"
	"poststube/mail"
	"poststube/uidset"
)

// A syncing says how sync is to speak.
type syncing struct {
	// keepNumbers: sequence numbers must stay what they are, so nothing is
	// reported as expunged now (RFC 9051 section 7.5.1).
	keepNumbers bool
	// answer is that of the command; sync may give it a response code.
	answer *answer
	// names: the client is also told which mailboxes there are now.
	names bool
	// everything is told about the selected mailbox, whatever NOTIFY says.
	everything bool

	// mine are messages that the command has put into a mailbox, and removed
	// those that it has removed from the selected one.
	mine    created
	removed uidset.Set

	// report are messages whose flags the client is told even if they have not
	// changed: the answer of STORE.
	report uidset.Set
	// silent are messages that this session has changed itself, at modseq
	// silentAt. The client is not told their flags, only the modseq if it
	// wants to know that (RFC 7162 section 3.1.3).
	silent   uidset.Set
	silentAt mail.ModSeq
	// known: the client has been told of the silent ones altogether.
	known bool
	// withUID: the lines name the UID, since a UID command caused them.
	withUID bool
}

// sync tells the client what has happened since the last time. It is the only
// place where a client hears of that: it ends every command, it is IDLE and
// NOTIFY, and it is what STORE, EXPUNGE and MOVE answer.
func (s *session) sync(how syncing) error {
	if err := s.syncMailbox(how); err != nil || s.in == ended || s.user == nil {
		return err
	}
	if s.notify != nil {
		return s.syncNotify(how)
	}
	if how.names {
		if err := s.syncList(); err != nil {
			return err
		}
	}
	if s.dialect.metadata {
		return s.syncMetadata()
	}
	return nil
}

// syncNotify tells what a client that has used NOTIFY wants to know beside the
// selected mailbox, at the end of each command and between them.
func (s *session) syncNotify(how syncing) error {
	wants := s.notify.wants()
	if wants == 0 {
		return nil
	}
	// The list also tells which mailboxes there are to be watched.
	if err := s.syncList(); err != nil {
		return err
	}
	if wants&(mailboxMetadata|serverMetadata) != 0 {
		if err := s.syncMetadata(); err != nil {
			return err
		}
	}
	return s.syncStatus(how.mine)
}

// wanted returns the events of the selected mailbox that are told. The others
// wait until NOTIFY asks for them, and the client works on what it was told.
func (s *session) wanted(how syncing) events {
	if s.notify == nil || how.everything {
		return messageEvents
	}
	return s.notify.selected
}

// syncMailbox tells what has happened in the selected mailbox, from the change
// log. The order is fixed: first what makes numbers smaller, then what adds
// messages, then what says something about them by number.
func (s *session) syncMailbox(how syncing) error {
	b := s.box
	if b == nil {
		return nil
	}
	ch, err := b.mailbox.Changes(s.ctx, b.upTo)
	if err != nil {
		return err
	}
	if ch.Gone {
		s.lose()
		return nil
	}
	if ch.Incomplete {
		known := b.view.All().Union(b.arriving)
		ch.Vanished = known.Subtract(ch.Exists)
		ch.Arrived = ch.Exists.Subtract(known)
	}
	wanted := s.wanted(how)
	s.withoutVanished(ch.Vanished)
	vanished := s.reportVanished(ch, how, wanted)
	arrived := s.reportArrived(ch, wanted)
	if how.names {
		b.aside = false
	} else if !arrived.Empty() {
		b.aside = true
	}
	s.reportRights(ch)
	b.upTo = ch.UpTo
	changed := b.changed(ch, how, wanted)
	if b.complete() {
		b.told = b.upTo
	}
	if err := s.reportFlags(changed, how); err != nil {
		return err
	}
	if err := s.reportNew(arrived, how); err != nil {
		return err
	}
	if err := s.updateContexts(ch.Changed.Subtract(b.arriving).Union(arrived)); err != nil {
		return err
	}
	if s.dialect.qresync && (vanished || !b.held.Empty() || b.said > b.told) {
		s.reportModSeq(how.answer)
	}
	b.said = 0
	return nil
}

// changed returns the messages whose flags are told now, and remembers those that
// are not.
func (b *selection) changed(ch *mail.Changes, how syncing, wanted events) uidset.Set {
	changed := ch.Changed
	if wanted&flagChange == 0 {
		b.unsaid = b.unsaid.Union(changed).Subtract(how.report).Subtract(how.silent)
		changed = how.report
	} else if changed = changed.Union(how.report); !b.unsaid.Empty() {
		changed = changed.Union(b.unsaid)
		b.unsaid = uidset.Set{}
	}
	return changed.Subtract(b.held)
}

// complete tells whether the client knows everything up to where the log was
// read.
func (b *selection) complete() bool {
	return b.held.Empty() && b.arriving.Empty() && b.unsaid.Empty()
}

// reportRights tells which flags the client may change, when there are new
// keywords or the user's rights have changed (RFC 4314 section 5.1.1), and whether
// the mailbox has become read-only or ceased to be (RFC 9051 section 7.1).
func (s *session) reportRights(ch *mail.Changes) {
	b := s.box
	grown := len(ch.Keywords) > len(b.keywords)
	if grown {
		b.keywords = ch.Keywords
	}
	rights := b.settable != ch.Settable || b.newKeywords != ch.NewKeywords
	b.settable, b.newKeywords = ch.Settable, ch.NewKeywords
	if grown || rights && !b.examine {
		s.flagsLine()
	}
	if b.readOnly == ch.ReadOnly {
		return
	}
	b.readOnly = ch.ReadOnly
	switch {
	case b.examine: // is read-only whatever the rights
	case ch.ReadOnly:
		s.enc.Untagged(wire.OK, "READ-ONLY", "Your rights in this mailbox have changed")
	default:
		s.enc.Untagged(wire.OK, "READ-WRITE", "Your rights in this mailbox have changed")
	}
}

// reportVanished takes what has vanished out of the view and tells the client,
// or keeps it for later.
func (s *session) reportVanished(ch *mail.Changes, how syncing, wanted events) (reported bool) {
	b := s.box
	gone := b.held
	if !ch.Vanished.Empty() {
		// A message that came and went unseen is nothing to the client.
		gone = gone.Union(b.view.Known(ch.Vanished))
	}
	if gone.Empty() {
		return false
	}
	b.held = uidset.Set{}
	switch {
	case how.keepNumbers:
		b.held = gone
		return false
	case wanted&messageExpunge == 0:
		mine := gone.Intersect(how.removed)
		b.held = gone.Subtract(mine)
		if gone = mine; gone.Empty() {
			return false
		}
	}
	b.recent = b.recent.Subtract(gone)
	seqs := b.view.Expunge(gone)
	if s.dialect.qresync || s.dialect.uidOnly {
		s.enc.Raw("* VANISHED ").Set(gone).CRLF()
		return true
	}
	for _, seq := range seqs {
		s.enc.Raw("* ").Number(seq).Raw(" EXPUNGE").CRLF()
	}
	return true
}

// reportArrived adds new messages to the view and tells the client how many
// there are now, or keeps them for later. It returns those that it has added.
func (s *session) reportArrived(ch *mail.Changes, wanted events) uidset.Set {
	b := s.box
	arrived := ch.Arrived
	if !b.arriving.Empty() {
		arrived = arrived.Union(b.arriving.Subtract(ch.Vanished))
		b.arriving = uidset.Set{}
	}
	if arrived.Empty() {
		return arrived
	}
	if wanted&messageNew == 0 {
		b.arriving = arrived
		return uidset.Set{}
	}
	b.view.Append(arrived)
	b.uidNext = max(b.uidNext, arrived.Max()+1)
	if !b.examine {
		from := b.mailbox.ClaimRecent(b.uidNext)
		b.recent = b.recent.Union(arrived.Intersect(uidset.Range(from, b.uidNext)))
	}
	s.enc.Raw("* ").Int(b.view.Len()).Raw(" EXISTS").CRLF()
	if !s.dialect.rev2 {
		s.enc.Raw("* ").Int(b.recent.Len()).Raw(" RECENT").CRLF()
	}
	return arrived
}

// reportFlags writes a FETCH line for each of the messages.
func (s *session) reportFlags(uids uidset.Set, how syncing) error {
	if uids.Empty() {
		return nil
	}
	// IMAP4rev2 and NOTIFY want the UID in all that was not asked for (RFC 9051
	// section 7.5.2, RFC 5465 section 5.1).
	withUID := (how.withUID || s.dialect.qresync || s.dialect.rev2 || s.notify != nil) && !s.dialect.uidOnly
	return s.messages(uids, mail.WantFlagsOnly, func(m *mail.Message) {
		own := m.ModSeq == how.silentAt && how.silent.Contains(m.UID)
		if own && (how.known || !s.dialect.condstore) {
			return
		}
		if !s.fetchHead(m) {
			return
		}
		if withUID {
			s.enc.Raw("UID ").Number(m.UID)
		}
		if !own {
			if withUID {
				s.enc.Raw(" ")
			}
			s.flags(m)
		}
		if s.dialect.condstore {
			if withUID || !own {
				s.enc.Raw(" ")
			}
			s.modseq(m)
		}
		s.enc.Raw(")\r\n") // no CRLF, which might write: see messages
	})
}

// modseq appends MODSEQ of a message.
func (s *session) modseq(m *mail.Message) {
	s.box.said = max(s.box.said, m.ModSeq)
	s.enc.Raw("MODSEQ (").Uint64(uint64(m.ModSeq)).Byte(')')
}

// reportModSeq says up to which modseq a QRESYNC client knows everything, which
// it can't see from the modseqs of FETCH lines when messages have vanished, and
// above all when it was not told that yet, or when a line shows a change that
// came after the log was read (RFC 7162 sections 3.2 and 6).
func (s *session) reportModSeq(ans *answer) {
	code := "HIGHESTMODSEQ " + strconv.FormatUint(uint64(s.box.told), 10)
	if ans != nil && ans.code == "" {
		ans.code = code
		return
	}
	s.enc.Untagged(wire.OK, code, "Highest modseq that is told completely")
}

// lose ends the selected state because the mailbox is deleted or may no longer
// be read. IMAP4rev2 has a word for it (RFC 9051 section 3, unsolicited CLOSED);
// other clients are told BYE, as RFC 2180 section 3.3 has it.
func (s *session) lose() {
	const text = "The selected mailbox is deleted or may no longer be read"
	s.deselect()
	if s.dialect.rev2 {
		s.enc.Untagged(wire.OK, "CLOSED", text)
		return
	}
	s.bye("", text)
}

// messages visits the messages of uids in ascending order. visit appends to the
// encoder, by methods that never write: not CRLF, not Literal. What it has
// appended is sent in portions in between, while nothing is held in the engine.
func (s *session) messages(uids uidset.Set, want mail.Fields, visit func(*mail.Message)) error {
	return s.portions(uids, &want, 0, func(m *mail.Message) bool {
		visit(m)
		return s.enc.Buffered() < portion
	}, func() error { return nil })
}

// portion is how many octets are collected before they are sent.
const portion = 128 << 10
