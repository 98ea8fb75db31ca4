package imap

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"poststube/imap/view"
	"poststube/imap/wire"
	"poststube/uidset"
)

// TestBatches cuts mailboxes with gaps. The batches must follow each other down
// to UID 1, and hold as many messages as was asked for, but for the last.
func TestBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		uids := uidset.Of(rapid.SliceOfN(rapid.Uint32Range(1, 200), 0, 60).Draw(t, "uids")...)
		size := rapid.IntRange(1, 30).Draw(t, "size")
		first := rapid.IntRange(1, 6).Draw(t, "first")
		last := rapid.IntRange(first, 9).Draw(t, "last")
		var out bytes.Buffer
		s := &session{tag: "t", enc: wire.NewEncoder(&out)}
		s.box = &selection{view: view.New(uids)}
		s.batches(uint64(size), uint64(first), uint64(last))
		s.enc.Flush()

		var want []string
		high := uids.Max()
		list := make([]uint32, 0, uids.Len())
		for uid := range uids.Backward() {
			list = append(list, uid)
		}
		for batch := 1; len(list) > 0; batch++ {
			n := min(size, len(list))
			low := list[n-1]
			if list = list[n:]; len(list) == 0 {
				low = 1
			}
			if batch >= first && batch <= last {
				want = append(want, fmt.Sprintf("%d:%d", high, low))
			}
			high = low - 1
		}
		line := strings.TrimSuffix(`* UIDBATCHES (TAG "t") `+strings.Join(want, ","), " ") + "\r\n"
		if got := out.String(); got != line {
			t.Fatalf("%v in batches of %d: %q, want %q", uids, size, got, line)
		}
	})
}
