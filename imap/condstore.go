package imap

import (
	"strconv"

	"poststube/mail"
	"poststube/uidset"
)

// condstore is CONDSTORE (RFC 7162 section 3.1): every message has a modseq.
// What enables it for a session (section 3.1): ENABLE, the parameter of SELECT,
// STATUS (HIGHESTMODSEQ), FETCH MODSEQ and CHANGEDSINCE, STORE UNCHANGEDSINCE,
// SEARCH MODSEQ.
func condstore() extension {
	return extension{
		name:         "CONDSTORE",
		rfc:          "RFC 7162",
		capabilities: always("CONDSTORE"),
		enables:      []enableItem{{name: "CONDSTORE", announce: "CONDSTORE", set: func(d *dialect) { d.condstore = true }}},
		params: []selectParam{{name: "CONDSTORE", read: func(p *parser, r *selectRequest) {
			r.condstore = true
		}}},
		modify: []storeModifier{{name: "UNCHANGEDSINCE", read: func(p *parser, r *storeRequest) {
			p.SP()
			r.change.Conditional = true
			r.change.UnchangedSince = mail.ModSeq(p.ModSeqOrZero())
		}}},
		status: []statusItem{{name: "HIGHESTMODSEQ", want: mail.WantHighestModSeq, condstore: true, append: func(_ *session, dst []byte, st *mail.Status) []byte {
			return strconv.AppendUint(dst, uint64(st.HighestModSeq), 10)
		}}},
		fetch: []fetchItem{{name: "MODSEQ", read: func(p *parser, r *fetchRequest) {
			r.condstore = true
			r.add(p, fetchPart{name: "MODSEQ", fields: mail.WantFlagsOnly, append: appendModSeq})
		}}},
		fetchMod: []fetchModifier{{name: "CHANGEDSINCE", read: func(p *parser, r *fetchRequest) {
			p.SP()
			r.condstore = true
			r.changedSince = mail.ModSeq(p.ModSeq())
		}}},
		search: []searchKey{{name: "MODSEQ", read: readSearchModSeq}},
	}
}

// modified is the code for messages that STORE has left alone (RFC 7162 section
// 3.1.3): sequence numbers, or UIDs for UID STORE.
func (s *session) modified(uid bool, uids uidset.Set) string {
	set := uids
	if !uid {
		set = s.box.view.Seqs(uids)
	}
	return "MODIFIED " + set.String()
}

func appendModSeq(s *session, m *fetched) {
	s.modseq(m.Message)
}
