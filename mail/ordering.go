package mail

import (
	"math/bits"
	"slices"

	"poststube/uidset"
)

// An ordering is messages in some order. It is refined from the least criterion
// to the most important one, each time by a stable sort; in the beginning it is
// by UID.
type ordering struct {
	all   []uint32 // UIDs, ascending
	order []uint32 // indexes of all
	spare []uint32
}

func newOrdering(uids uidset.Set) *ordering {
	n := uids.Len()
	o := &ordering{all: make([]uint32, 0, n), order: make([]uint32, n), spare: make([]uint32, n)}
	for _, run := range uids.Runs() {
		for uid := run.First; ; uid++ {
			if o.all = append(o.all, uid); uid == run.Last {
				break
			}
		}
	}
	for i := range o.order {
		o.order[i] = uint32(i)
	}
	return o
}

// uids returns the UIDs in the order. The ordering is used up.
func (o *ordering) uids() []uint32 {
	for i, at := range o.order {
		o.spare[i] = o.all[at]
	}
	return o.spare
}

// sort orders by values, which belong to the messages by their UIDs: values[i]
// is that of the message all[i]. It overwrites them. Messages with equal values
// keep their places to each other, also in reverse (RFC 5256 section 3,
// REVERSE).
func (o *ordering) sort(values []uint64, reverse bool) {
	o.order, o.spare = stableSort(o.order, o.spare, values, reverse)
}

// Below radixMin elements a comparing sort is quicker than counting.
const (
	radixMin  = 128
	radixBits = 11
)

// stableSort sorts indexes of values by them, and returns them and what is spare
// then. It is a radix sort: a pass of counting and moving for each 11 bits in
// which the values differ, so three passes for dates of decades.
func stableSort(order, spare []uint32, values []uint64, reverse bool) (sorted, rest []uint32) {
	if len(order) == 0 {
		return order, spare
	}
	span := normalise(values, reverse)
	if len(order) < radixMin {
		slices.SortStableFunc(order, func(a, b uint32) int {
			switch va, vb := values[a], values[b]; {
			case va < vb:
				return -1
			case va > vb:
				return 1
			}
			return 0
		})
		return order, spare
	}
	var count [1 << radixBits]uint32
	for shift := 0; shift < bits.Len64(span); shift += radixBits {
		clear(count[:])
		for _, v := range values {
			count[v>>shift&(1<<radixBits-1)]++
		}
		at := uint32(0)
		for i := range count {
			count[i], at = at, at+count[i]
		}
		for _, i := range order {
			digit := values[i] >> shift & (1<<radixBits - 1)
			spare[count[digit]] = i
			count[digit]++
		}
		order, spare = spare, order
	}
	return order, spare
}

// normalise makes the smallest value 0, or with reverse the largest, and returns
// the largest of the new values.
func normalise(values []uint64, reverse bool) (span uint64) {
	low, high := slices.Min(values), slices.Max(values)
	for i, v := range values {
		if reverse {
			values[i] = high - v
		} else {
			values[i] = v - low
		}
	}
	return high - low
}
