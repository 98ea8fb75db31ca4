package mail

import (
	"context"
	"sync"

	"poststube/acl"
	"poststube/directory"
	"poststube/uidset"
)

// State returns what SELECT answers. With claimRecent the messages that no
// session has claimed yet become this one's \Recent (RFC 3501 section 2.3.2).
//
// What a whole mailbox must be looked at for, its UIDs and the first unseen of
// them, is kept and brought forward by the change log, so that the next SELECT
// costs the same for a thousand messages as for a million.
func (b *Mailbox) State(ctx context.Context, claimRecent bool) (*State, error) {
	s := new(State)
	var checked ModSeq
	err := b.view(ctx, "select", acl.Read, func(m *mailbox) error {
		checked = m.a.rec.modseq
		if err := m.status(&s.Status, WantUnseen|WantHighestModSeq); err != nil {
			return err
		}
		names, err := m.keywordNames()
		if err != nil {
			return err
		}
		s.Keywords = names
		s.Info = m.info(b.name)
		s.Settable, s.NewKeywords, s.ReadOnly = m.settable()
		now, err := m.survey()
		s.UIDs, s.FirstUnseen = now.uids, now.firstUnseen
		return err
	})
	if err != nil {
		return nil, err
	}
	b.horizon.set(s.HighestModSeq, checked)
	s.RecentFrom = s.recentFrom(b.user.engine, b.id, claimRecent)
	s.Status.Recent = countFrom(s.UIDs, s.RecentFrom)
	return s, nil
}

// A survey is what was found by looking at a whole mailbox for one user, as of
// the modseqs of the last change to it and of the user's last own change.
type survey struct {
	highest, private ModSeq
	uids             uidset.Set // not to be changed
	firstUnseen      uint32     // 0 if none
}

// surveys keeps the last ones.
type surveys struct {
	mu   sync.Mutex
	kept map[surveyKey]survey
	runs int // in all of them
}

// Owners share a survey with whoever sees the mailbox with their eyes.
type surveyKey struct {
	id   MailboxID
	user directory.ID
}

// maxSurveyRuns bounds the memory of surveys: 8 octets a run of UIDs. When it is
// reached, all are dropped.
const maxSurveyRuns = 4 << 20

func (s *surveys) get(k surveyKey) (survey, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.kept[k]
	return v, ok
}

func (s *surveys) put(k surveyKey, v survey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, had := s.kept[k]
	if had && old.highest > v.highest {
		return
	}
	s.runs += len(v.uids.Runs()) - len(old.uids.Runs()) + 16
	if s.kept == nil || s.runs > maxSurveyRuns {
		s.kept, s.runs = make(map[surveyKey]survey), len(v.uids.Runs())+16
	}
	s.kept[k] = v
}

// survey returns the mailbox's UIDs and the first that the user has not seen.
func (m *mailbox) survey() (survey, error) {
	k := surveyKey{id: m.id}
	if !m.own {
		k.user = m.t.u.principal.ID
	}
	now := survey{highest: m.c.highestModSeq, private: m.privateModSeq()}
	old, ok := m.t.e.surveys.get(k)
	var err error
	switch {
	case ok && old.highest == now.highest && old.private == now.private:
		return old, nil
	case ok && old.highest <= now.highest && old.private <= now.private && min(old.highest, old.private) >= m.c.logFrom:
		err = m.advance(&now, old)
	default:
		err = m.lookAtAll(&now)
	}
	if err == nil {
		m.t.e.surveys.put(k, now)
	}
	return now, err
}

func (m *mailbox) lookAtAll(s *survey) error {
	return m.eachBlock(m.all(), 1, func(sp *span) (bool, error) {
		sp.bits.appendTo(&s.uids, sp.num)
		if s.firstUnseen == 0 {
			s.firstUnseen = m.firstUnseen(sp)
		}
		return true, nil
	})
}

// firstUnseen returns the first UID of a span that the user has not seen, or 0.
func (m *mailbox) firstUnseen(sp *span) uint32 {
	unseen := sp.bits.andNot(m.seenBits(sp))
	if bit, ok := unseen.next(0); ok {
		return sp.num<<blockBits | uint32(bit)
	}
	return 0
}

// unseenAmong returns the first of uids, from one on, that the user has not seen.
func (m *mailbox) unseenAmong(uids uidset.Set, from uint32) (first uint32, err error) {
	err = m.eachBlock(uids, from, func(sp *span) (bool, error) {
		first = m.firstUnseen(sp)
		return first == 0, nil
	})
	return first, err
}

// advance brings a survey forward by what has changed since.
func (m *mailbox) advance(now *survey, old survey) error {
	var ch Changes
	since := old.highest
	if old.private < since && now.private > old.private {
		since = old.private
	}
	if err := m.changes(&ch, since); err != nil {
		return err
	}
	now.uids = old.uids.Union(ch.Arrived).Subtract(ch.Vanished)
	first, err := m.unseenAmong(ch.Arrived.Union(ch.Changed), 1)
	if err != nil || old.firstUnseen == 0 {
		now.firstUnseen = first
		return err
	}
	// The old one may have been seen or be gone; what lies before it was seen
	// then, and is among the changed if it is not now.
	rest, err := m.unseenAmong(m.all(), old.firstUnseen)
	now.firstUnseen = rest
	if first != 0 && (rest == 0 || first < rest) {
		now.firstUnseen = first
	}
	return err
}
