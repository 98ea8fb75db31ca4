package mail

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"poststube/uidset"
)

// TestPrivateFlagsInScans compares messages that are read by a scan over many
// blocks, where the user's own flags are laid over the mailbox's, with the same
// messages read one by one, for each policy.
func TestPrivateFlagsInScans(t *testing.T) {
	w := newWorld(t)
	const messages = 20 * blockSize
	var batch []NewMessage
	for i := range messages {
		m := NewMessage{Upload: w.upload(letter("one"))}
		if i%3 == 0 {
			m.Flags = Flags{System: Seen | Flagged, Keywords: []string{"$Work"}}
		}
		batch = append(batch, m)
	}
	_, err := w.as("anna").Append(w.ctx, "INBOX", batch)
	w.must(err)
	w.grant("anna", "INBOX", "ben", "lrsw")
	rng := rand.New(rand.NewPCG(1, 2))
	for _, policy := range []string{`\Seen`, `\Seen \Flagged $keywords`, "none"} {
		w.must(w.as("anna").SetMetadata(w.ctx, "INBOX", []MetadataEntry{{PolicyEntry, []byte(policy)}}))
		ben := w.open("ben", "Users/anna/INBOX")
		for range 20 {
			first := uint32(1 + rng.IntN(messages))
			set := uidset.Range(first, first+uint32(rng.IntN(300)))
			flags := Flags{System: []SystemFlags{Seen, Flagged, Seen | Flagged}[rng.IntN(3)], Keywords: []string{"$Home"}}
			_, err := ben.SetFlags(w.ctx, set, FlagChange{Op: []FlagOp{AddFlags, RemoveFlags}[rng.IntN(2)], Flags: flags})
			w.must(err)
		}
		for _, user := range []string{"anna", "ben"} {
			name := "INBOX"
			if user == "ben" {
				name = "Users/anna/INBOX"
			}
			box := w.open(user, name)
			show := func(m *Message) string { return fmt.Sprint(m.UID, flagText(m.Flags), m.ModSeq) }
			var scanned []string
			_, err := box.Messages(w.ctx, uidset.Range(1, messages), 1, WantFlagsOnly, func(m *Message) bool {
				scanned = append(scanned, show(m))
				return true
			})
			w.must(err)
			if len(scanned) != messages {
				t.Fatalf("%s, %s: %d messages", policy, user, len(scanned))
			}
			for uid := uint32(1); uid <= messages; uid += 1 + uint32(rng.IntN(20)) {
				_, err := box.Messages(w.ctx, uidset.Of(uid), 1, WantFlagsOnly, func(m *Message) bool {
					if got := show(m); got != scanned[uid-1] {
						t.Errorf("%s, %s: %s when scanned, %s alone", policy, user, scanned[uid-1], got)
					}
					return true
				})
				w.must(err)
			}
			s, err := box.State(w.ctx, false)
			w.must(err)
			unseen, err := box.Search(w.ctx, s.UIDs, &Query{Op: QNot, Sub: []*Query{{Op: QFlag, Flag: Seen}}}, false)
			w.must(err)
			if n := unseen.UIDs.Len(); int(s.Unseen) != int(n) {
				t.Errorf("%s, %s: %d unseen, but a search finds %d", policy, user, s.Unseen, n)
			}
		}
	}
}
