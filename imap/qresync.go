package imap

import (
	"iter"

	"poststube/mail"
	"poststube/uidset"
)

// qresync is QRESYNC (RFC 7162 section 3.2): a client that was away is told what
// has changed since, and nothing else.
func qresync() extension {
	return extension{
		name:         "QRESYNC",
		rfc:          "RFC 7162",
		capabilities: always("QRESYNC"),
		enables: []enableItem{{name: "QRESYNC", announce: "QRESYNC", set: func(d *dialect) {
			d.qresync, d.condstore = true, true
		}}},
		params: []selectParam{{name: "QRESYNC", read: readQresync}},
		fetchMod: []fetchModifier{{name: "VANISHED", read: func(p *parser, r *fetchRequest) {
			r.vanished = true
		}}},
	}
}

// qresyncParams is what the client remembers of a mailbox.
type qresyncParams struct {
	uidValidity uint32
	modseq      mail.ModSeq
	known       uidset.Set // the UIDs that it knows; if it does not say, all
	knownGiven  bool
	// seqs and uids are samples: the message seqs[i] was the one with the UID
	// uids[i] (section 3.2.5.2).
	seqs, uids uidset.Set
}

// readQresync reads "(uidvalidity modseq [known-uids] [(seqs uids)])".
func readQresync(p *parser, r *selectRequest) {
	q := &qresyncParams{}
	p.SP()
	p.Special('(')
	q.uidValidity = p.NZNumber()
	p.SP()
	q.modseq = mail.ModSeq(p.ModSeq())
	more := p.TrySP()
	if more && p.Peek() != '(' {
		q.known, q.knownGiven = p.UIDSet(), true
		more = p.TrySP()
	}
	if more {
		p.Special('(')
		q.seqs = p.UIDSet()
		p.SP()
		q.uids = p.UIDSet()
		p.Special(')')
		if q.seqs.Len() != q.uids.Len() {
			p.Expected("as many UIDs as sequence numbers in the match data")
		}
	}
	p.Special(')')
	r.qresync = q
}

// resynchronize tells the client what has changed in the mailbox just selected
// since the modseq that it remembers.
func (s *session) resynchronize(q *qresyncParams) error {
	b := s.box
	if q.uidValidity != b.uidValidity {
		return nil // the client sees that from UIDVALIDITY
	}
	known := uidset.Range(1, b.uidNext-1)
	if q.knownGiven {
		known = q.known
	}
	return s.reportSince(q.modseq, known, b.matched(q.seqs, q.uids))
}

// matched returns up to which UID the samples agree with the mailbox. Below it
// as many messages lie as the client knows, hence the same ones.
func (b *selection) matched(seqs, uids uidset.Set) uint32 {
	next, stop := iter.Pull(uids.All())
	defer stop()
	var last uint32
	for seq := range seqs.All() {
		uid, _ := next()
		if at, ok := b.view.UID(seq); !ok || at != uid {
			break
		}
		last = uid
	}
	return last
}

// reportSince writes VANISHED (EARLIER) and FETCH lines for what has happened to
// the known messages after since (RFC 7162 sections 3.2.5 and 3.2.6). Vanished
// UIDs up to matched are left out where the log no longer tells when they
// vanished.
func (s *session) reportSince(since mail.ModSeq, known uidset.Set, matched uint32) error {
	ch, err := s.box.mailbox.Changes(s.ctx, since)
	if err != nil {
		return err
	}
	vanished := ch.Vanished.Intersect(known)
	if ch.Incomplete {
		vanished = known.Subtract(ch.Exists)
	}
	vanished.RemoveRange(1, matched)
	if !vanished.Empty() {
		s.enc.Raw("* VANISHED (EARLIER) ").Set(vanished).CRLF()
	}
	changed := s.box.view.Known(ch.Changed.Union(ch.Arrived).Intersect(known))
	return s.reportFlags(changed, syncing{withUID: true})
}
