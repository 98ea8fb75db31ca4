package mail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"poststube/uidset"
)

// put appends a message to a mailbox of anna.
func (w *world) put(box, text string, date time.Time) {
	w.t.Helper()
	_, err := w.as("anna").Append(w.ctx, box, []NewMessage{{Upload: w.upload(text), InternalDate: date}})
	w.must(err)
}

func day(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }

// sorts are four messages whose order differs for each criterion.
func (w *world) sorts() *Mailbox {
	w.put("INBOX", "From: Zoe <a@x>\r\nTo: d@x\r\nCc: c@x\r\nDate: Tue, 3 Nov 2026 00:00:00 +0000\r\nSubject: Re: bear\r\n\r\n", day(4))
	w.put("INBOX", "From: =?utf-8?q?=C3=84nne?= <B@x>\r\nTo: =?utf-8?q?b=C3=A4r?= <c@x>\r\nDate: Mon, 2 Nov 2026 23:00:00 -0200\r\nSubject: Apple\r\n\r\nlonger", day(3))
	w.put("INBOX", "From: <c@x>\r\nTo: B@x\r\nCc: A@x\r\nSubject: [list] apple (fwd)\r\n\r\nlonger than all the others, by far", day(1))
	w.put("INBOX", "Date: Mon, 2 Nov 2026 00:00:00 +0000\r\nCc: b@x\r\n\r\n", day(2))
	return w.open("anna", "INBOX")
}

func TestSort(t *testing.T) {
	w := newWorld(t)
	b := w.sorts()
	all := uidset.Range(1, 100)
	for _, c := range []struct {
		keys []SortKey
		want string
	}{
		{[]SortKey{{By: ByArrival}}, "[3 4 2 1]"},
		{[]SortKey{{By: ByArrival, Reverse: true}}, "[1 2 4 3]"},
		{[]SortKey{{By: BySize}}, "[4 1 3 2]"},
		// The third has no Date and counts by its internal date; the second was
		// written in another zone.
		{[]SortKey{{By: ByDate}}, "[3 4 1 2]"},
		{[]SortKey{{By: BySubject}}, "[4 2 3 1]"},
		{[]SortKey{{By: BySubject, Reverse: true}}, "[1 2 3 4]"},
		{[]SortKey{{By: BySubject}, {By: ByDate}}, "[4 3 2 1]"},
		{[]SortKey{{By: BySubject, Reverse: true}, {By: ByDate}}, "[1 3 2 4]"},
		{[]SortKey{{By: ByFrom}}, "[4 1 2 3]"},
		{[]SortKey{{By: ByTo}}, "[4 3 2 1]"},
		{[]SortKey{{By: ByCc}}, "[2 3 4 1]"},
		{[]SortKey{{By: ByDisplayFrom}}, "[4 2 3 1]"},
		{[]SortKey{{By: ByDisplayTo}}, "[4 3 2 1]"},
		{nil, "[1 2 3 4]"},
	} {
		got, err := b.Sort(w.ctx, all, &Query{Op: QAll}, c.keys)
		w.must(err)
		if s := fmt.Sprint(got); s != c.want {
			t.Errorf("%+v: %s, want %s", c.keys, s, c.want)
		}
	}
	got, err := b.Sort(w.ctx, uidset.Of(1, 2), &Query{Op: QNot, Sub: []*Query{{Op: QSubject, Text: "bear"}}}, []SortKey{{By: ByDate}})
	w.must(err)
	if !slices.Equal(got, []uint32{2}) {
		t.Errorf("with conditions: %v", got)
	}
}

// TestSortFollows sorts while messages come and go and come back.
func TestSortFollows(t *testing.T) {
	w := newWorld(t)
	b := w.sorts()
	order := func() string {
		got, err := b.Sort(w.ctx, uidset.Range(1, 100), &Query{Op: QAll}, []SortKey{{By: BySubject}, {By: BySize}})
		w.must(err)
		return fmt.Sprint(got)
	}
	one, err := b.Sort(w.ctx, uidset.Of(3), &Query{Op: QAll}, []SortKey{{By: BySubject}})
	w.must(err)
	if !slices.Equal(one, []uint32{3}) {
		t.Fatalf("one: %v", one)
	}
	if got := order(); got != "[4 3 2 1]" {
		t.Errorf("at first: %s", got)
	}
	w.put("INBOX", "Subject: Ball\r\n\r\n", day(9))
	if got := order(); got != "[4 3 2 5 1]" {
		t.Errorf("after one came: %s", got)
	}
	_, err = b.SetFlags(w.ctx, uidset.Of(2, 4), FlagChange{Op: AddFlags, Flags: Flags{System: Deleted}})
	w.must(err)
	_, _, err = b.Expunge(w.ctx, uidset.Of(2, 4))
	w.must(err)
	if got := order(); got != "[3 5 1]" {
		t.Errorf("after two went: %s", got)
	}
	other, err := w.open("anna", "Trash").Sort(w.ctx, uidset.Range(1, 9), &Query{Op: QAll}, []SortKey{{By: ByDate}})
	if w.must(err); len(other) > 0 {
		t.Errorf("messages of another mailbox: %v", other)
	}
}

// TestSortTogether sorts in several sessions while messages come.
func TestSortTogether(t *testing.T) {
	w := newWorld(t)
	b := w.sorts()
	var sessions sync.WaitGroup
	for n := range 4 {
		sessions.Go(func() {
			for i := range 20 {
				if n == 0 {
					w.put("INBOX", fmt.Sprintf("Subject: %d\r\n\r\n", 9-i%7), day(1))
					continue
				}
				within := uidset.Range(uint32(n), 100)
				order, err := b.Sort(w.ctx, within, &Query{Op: QAll}, []SortKey{{By: []SortBy{BySubject, ByDate, ByArrival}[n-1]}})
				if err != nil {
					t.Error(err)
				}
				if _, err := b.Thread(w.ctx, within, &Query{Op: QAll}, ThreadByReferences); err != nil {
					t.Error(err)
				}
				if len(order) < 4-n+1 || uidset.Of(order...).Len() != len(order) {
					t.Errorf("session %d: %v", n, order)
				}
			}
		})
	}
	sessions.Wait()
}

func TestSortNeedsRead(t *testing.T) {
	w := newWorld(t)
	b := w.sorts()
	stolen := &Mailbox{user: w.as("clara"), id: b.id}
	_, err := stolen.Sort(w.ctx, uidset.Range(1, 9), &Query{Op: QAll}, []SortKey{{By: ByDate}})
	kindOf(t, err, NotFound)
	_, err = stolen.Thread(w.ctx, uidset.Range(1, 9), &Query{Op: QAll}, ThreadByReferences)
	kindOf(t, err, NotFound)
}

// TestThread threads messages as they are stored.
func TestThread(t *testing.T) {
	w := newWorld(t)
	add := func(id, fields string) {
		w.put("INBOX", "Message-ID: "+id+"\r\n"+fields+"\r\n\r\n", day(1))
	}
	// RFC 5256 section 3: quoting makes no difference.
	add(`<"01KF8JCEOCBS0045PS"@xxx.yyy.com>`, "Subject: old")
	add("<b@x>", "Subject: Re: old\r\nReferences: <none@x>\r\n <01KF8JCEOCBS0045PS@xxx.yyy.com>")
	add("<c@x>", "Subject: other\r\nIn-Reply-To: <b@x> <a@x>")
	add("<d@x>", "Subject: Fwd: else\r\nReferences: nothing")
	add("<e@x>", "Subject: ELSE")
	b := w.open("anna", "INBOX")
	for by, want := range map[ThreadBy]string{ThreadByReferences: "(1 2 3)(5 4)", ThreadByOrderedSubject: "(1 2)(3)(4 5)"} {
		got, err := b.Thread(w.ctx, uidset.Range(1, 100), &Query{Op: QAll}, by)
		w.must(err)
		if s := showThreads(got); s != want {
			t.Errorf("algorithm %d: %s, want %s", by, s, want)
		}
	}
	got, err := b.Thread(w.ctx, uidset.Of(2, 3, 4), &Query{Op: QAll}, ThreadByReferences)
	if w.must(err); showThreads(got) != "(2 3)(4)" {
		t.Errorf("of some: %s", showThreads(got))
	}
}

func TestStableSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 5, radixMin, 700}).Draw(t, "n")
		bits := rapid.SampledFrom([]uint{1, 8, 30, 64}).Draw(t, "bits")
		reverse := rapid.Bool().Draw(t, "reverse")
		values := rapid.SliceOfN(rapid.Uint64Range(0, 1<<bits-1), n, n).Draw(t, "values")
		order, spare := make([]uint32, n), make([]uint32, n)
		for i := range order {
			order[i] = uint32(i)
		}
		want := slices.Clone(order)
		slices.SortStableFunc(want, func(a, b uint32) int {
			if reverse {
				a, b = b, a
			}
			return cmp.Compare(values[a], values[b])
		})
		if got, _ := stableSort(order, spare, slices.Clone(values), reverse); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestRows(t *testing.T) {
	sets := rapid.Map(rapid.SliceOfN(rapid.Uint32Range(1, 40), 0, 20), func(u []uint32) uidset.Set { return uidset.Of(u...) })
	rapid.Check(t, func(t *rapid.T) {
		var r rows[int]
		var have uidset.Set
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			want := sets.Draw(t, "want")
			missing := r.missing(want)
			if !missing.Equal(want.Subtract(have)) {
				t.Fatalf("of %v and %v, %v is missing", have, want, missing)
			}
			add := newRows[int](0)
			for uid := range missing.All() {
				add.append(uid, int(uid)*10)
			}
			before, list := r, fmt.Sprint(r)
			r.merge(add)
			if fmt.Sprint(before) != list {
				t.Fatalf("a copy in use has changed from %s to %v", list, before)
			}
			have = have.Union(want)
			var got uidset.Set
			r.each(want, func(uid uint32, row *int) {
				if got.Add(uid); *row != int(uid)*10 {
					t.Fatalf("%d has the row %d", uid, *row)
				}
			})
			if !got.Equal(want) {
				t.Fatalf("rows of %v, want %v", got, want)
			}
		}
	})
}

func TestDictionary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d dictionary
		seen := map[string]uint32{"": 0}
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			for _, s := range rapid.SliceOf(rapid.StringMatching("[ab]{0,3}")).Draw(t, "texts") {
				n := d.number([]byte(s))
				if old, ok := seen[s]; ok && old != n {
					t.Fatalf("%q is %d and %d", s, old, n)
				}
				seen[s] = n
			}
			rank := d.ranks()
			for a, i := range seen {
				for b, j := range seen {
					if cmp.Compare(a, b) != cmp.Compare(rank[i], rank[j]) {
						t.Fatalf("%q and %q have the ranks %d and %d", a, b, rank[i], rank[j])
					}
				}
			}
		}
	})
}

// TestColumnCache drops what was not used for a while, and what is too much.
func TestColumnCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cc columnCache
		defer cc.clear()
		for num := range uint32(3) {
			id := MailboxID{1, num}
			c := cc.of(id)
			c.bytes.Store(maxColumnBytes / 4)
			cc.settle(id, c, false)
			time.Sleep(4 * time.Minute)
		}
		have := func(want ...uint32) {
			t.Helper()
			var got []uint32
			cc.mu.Lock()
			defer cc.mu.Unlock()
			for id := range cc.boxes {
				got = append(got, id.Num)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) || cc.bytes != int64(len(want))*maxColumnBytes/4 {
				t.Errorf("%v with %d octets, want %v", got, cc.bytes, want)
			}
		}
		have(1, 2)
		c := cc.of(MailboxID{1, 4})
		c.bytes.Store(maxColumnBytes + 1)
		cc.settle(MailboxID{1, 4}, c, false)
		have()
		c = cc.of(MailboxID{1, 2})
		c.bytes.Store(maxColumnBytes / 4)
		cc.settle(MailboxID{1, 2}, c, false)
		have(2)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		have()
	})
}

// TestColumnsAreBounded finds that mailboxes which change all the time do not
// gather rows of what is gone.
func TestColumnsAreBounded(t *testing.T) {
	w := newWorld(t)
	b := w.sorts()
	c := w.columns.of(b.id)
	for uid := uint32(1000); uid < 3000; uid++ {
		c.table.places.append(uid, placeRow{})
	}
	_, err := b.Sort(w.ctx, uidset.Range(1, 9), &Query{Op: QAll}, []SortKey{{By: ByArrival}})
	w.must(err)
	if again := w.columns.of(b.id); again == c {
		t.Error("rows of 2000 messages that are gone are kept for 4 that exist")
	}
}

// newsletter is a message of a mailbox with many senders, subjects and threads.
func newsletter(i int) string {
	var b strings.Builder
	root := i - i%8
	subject := fmt.Sprintf("Subject of thread %d about %x", root/8, root*7919)
	if i%8 != 0 && i%3 != 0 {
		subject = "Re: " + subject
		b.WriteString("References:")
		for n := root; n < i; n++ {
			fmt.Fprintf(&b, " <m%d@example.org>\r\n", n)
		}
	}
	fmt.Fprintf(&b, "Message-ID: <m%d@example.org>\r\nFrom: Person %d <person%d@example.org>\r\nTo: list@example.org\r\nSubject: %s\r\nDate: %s\r\n",
		i, i%500, i%500, subject, day(1).Add(time.Duration(i)*7*time.Minute).Format(time.RFC1123Z))
	fmt.Fprintf(&b, "Received: from mx.example.org by mx.example.net\r\n\t(Postfix) with ESMTPS id %x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello %d, this is what we had to say.\r\n", i, i)
	return b.String()
}

func BenchmarkSort(b *testing.B) {
	const n = 100000
	w := newDiskWorld(b)
	for i := 0; i < n; {
		var batch []NewMessage
		for ; i < n && len(batch) < 500; i++ {
			batch = append(batch, NewMessage{Upload: w.upload(newsletter(i))})
		}
		_, err := w.as("anna").Append(w.ctx, "INBOX", batch)
		w.must(err)
	}
	box := w.open("anna", "INBOX")
	all, any := uidset.Range(1, n), &Query{Op: QAll}
	for _, cold := range []bool{true, false} {
		run := func(name string, f func() error) {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if cold {
						w.columns.clear()
					}
					w.must(f())
				}
			})
		}
		pass := "warm"
		if cold {
			pass = "cold"
		}
		for name, by := range map[string]SortBy{"date": ByDate, "subject": BySubject, "arrival": ByArrival} {
			run(pass+"/"+name, func() error {
				got, err := box.Sort(w.ctx, all, any, []SortKey{{By: by}})
				if len(got) != n {
					b.Fatal(len(got))
				}
				return err
			})
		}
		run(pass+"/references", func() error {
			_, err := box.Thread(w.ctx, all, any, ThreadByReferences)
			return err
		})
	}
	b.ReportMetric(float64(w.columns.bytes)/n, "octets/message")
}
