package mail

import (
	"reflect"
	"strings"
	"testing"

	"poststube/message"
	"poststube/uidset"
)

// A stored is something that is kept as one value of the store.
type stored struct {
	decode func([]byte) (any, error)
	encode func(any) []byte // nil: it is not written by itself
}

// storedValues are all kinds of values that the engine reads back.
func storedValues() []stored {
	return []stored{
		{func(b []byte) (any, error) { return decodeOwner(b) }, func(v any) []byte { o := v.(ownerRecord); return o.encode(nil) }},
		{func(b []byte) (any, error) { return decodeCounters(b) }, func(v any) []byte { c := v.(counters); return c.encode(nil) }},
		{func(b []byte) (any, error) { var m messageRecord; err := m.decode(b); return m, err }, func(v any) []byte { m := v.(messageRecord); return m.encode(nil) }},
		{func(b []byte) (any, error) { var l logEntry; err := l.decode(b); return l, err }, func(v any) []byte { l := v.(logEntry); return l.encode(nil) }},
		{func(b []byte) (any, error) { var l noteLog; err := l.decode(b); return l, err }, func(v any) []byte { l := v.(noteLog); return l.encode(nil) }},
		{func(b []byte) (any, error) { return decodeNode(7, b) }, func(v any) []byte { return v.(*node).encode(nil) }},
		{func(b []byte) (any, error) { return decodeQuota(b) }, nil},
		{func(b []byte) (any, error) { return decodeKeywords(b) }, nil},
		{func(b []byte) (any, error) { var v block; err := v.decode(b); return v, err }, nil},
		{func(b []byte) (any, error) {
			e, err := decodeEmail(b)
			if err != nil {
				return nil, err
			}
			var keys emailKeys
			if err := e.keys(&keys); err != nil {
				return nil, err
			}
			var msg Message
			if err := e.render(&msg, WantRendered|WantStructure); err != nil {
				return nil, err
			}
			_, err = message.ParseStructure(msg.Structure)
			return nil, err
		}, nil},
	}
}

// FuzzStored reads arbitrary octets as each kind of value. Damage is an error, never
// a panic nor memory beyond the value's size, and what is read is written so that it
// reads the same.
func FuzzStored(f *testing.F) {
	owner := ownerRecord{modseq: 7, treeModSeq: 3, nextMailbox: 9, nextEmail: 12, uidValidity: 5, provisioned: true, messages: 4, bytes: 4711}
	log := logEntry{action: actAppend, arrived: uidset.Of(1, 2, 9)}
	summary, err := message.Summarize(strings.NewReader("Subject: a\r\nFrom: b@c\r\n\r\nd\r\n"), 27)
	if err != nil {
		f.Fatal(err)
	}
	for kind, value := range [][]byte{
		owner.encode(nil), (&counters{uidNext: 4, exists: 3}).encode(nil), (&messageRecord{size: 27, email: 3}).encode(nil), log.encode(nil),
		(&noteLog{num: 3, protocol: "imap", entries: []string{"/shared/comment"}}).encode(nil), (&node{name: "INBOX", uidValidity: 3}).encode(nil),
		nil, nil, nil, (&emailRecord{where: bodyInStore, body: 3, rendered: renderEmail(summary)}).encode(nil),
	} {
		f.Add(byte(kind), value)
	}
	kinds := storedValues()
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		k := kinds[int(kind)%len(kinds)]
		value, err := k.decode(b)
		if err != nil || k.encode == nil {
			return
		}
		again, err := k.decode(k.encode(value))
		if err != nil || !reflect.DeepEqual(again, value) {
			t.Errorf("%+v is written so that it reads %+v, %v", value, again, err)
		}
	})
}
