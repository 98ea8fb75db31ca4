package mail

import "testing"

// TestMessagesPortions: however few messages a visitor takes at a time, it gets
// each exactly once, in order, with any fields and across batches and blocks.
func TestMessagesPortions(t *testing.T) {
	w := newWorld(t)
	const n = 600
	b := w.fill(n)
	state, err := b.State(w.ctx, false)
	w.must(err)
	for _, want := range []Fields{0, WantFlagsOnly, WantRendered, WantRaw} {
		for _, size := range []int{1, 7, 63, 64, 65, 256, 1000} {
			uids, calls := []uint32{}, 0
			for from := uint32(1); from != 0; calls++ {
				taken := 0
				from, err = b.Messages(w.ctx, state.UIDs, from, want, func(m *Message) bool {
					uids = append(uids, m.UID)
					taken++
					return taken < size
				})
				w.must(err)
			}
			if len(uids) != n {
				t.Fatalf("fields %b, %d at a time: %d messages of %d", want, size, len(uids), n)
			}
			for i, uid := range uids {
				if uid != uint32(i+1) {
					t.Fatalf("fields %b, %d at a time: UID %d at place %d", want, size, uid, i+1)
				}
			}
			if least := n / size; calls < least {
				t.Errorf("fields %b: %d calls for %d at a time", want, calls, size)
			}
		}
	}
}
