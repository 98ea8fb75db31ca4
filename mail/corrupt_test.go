package mail

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"poststube/acl"
	"poststube/blob"
	"poststube/kv"
	"poststube/kv/sealed"
	"poststube/storetest"
	"poststube/uidset"
)

// raw is the store below the checksums of a world.
func rawWorld(t testing.TB) (w *world, raw kv.DB) {
	below := storetest.NewKV(t)
	w = newWorldOn(t, sealed.New(below))
	w.Engine.log = slog.New(slog.DiscardHandler)
	return w, below
}

// furnish puts every kind of record into a world, and random ones besides.
func (w *world) furnish(seed uint64) {
	w.t.Helper()
	g := rand.New(rand.NewPCG(seed, 1))
	anna, ben := w.as("anna"), w.as("ben")
	for i := range 6 {
		w.deliver("anna", fmt.Sprintf("message %d", i))
	}
	_, err := anna.Append(w.ctx, "INBOX", []NewMessage{{Upload: w.upload(letter("large") + strings.Repeat("0123456789 large\r\n", 8000))}})
	w.must(err)
	for _, d := range w.Deliver(w.ctx, Envelope{To: []string{"clara"}, Identity: Identity{1}}, w.upload(letter("of a known identity"))) {
		w.must(d.Err)
	}
	for _, name := range []string{"Projects", "Projects/A", "Gone"} {
		_, err := anna.Create(w.ctx, name, nil)
		w.must(err)
	}
	kept, err := anna.AdoptUIDs(w.ctx, "Projects/A", 77, 100)
	w.must(err)
	if !kept {
		w.t.Fatal("UIDs were not adopted")
	}
	_, err = anna.Append(w.ctx, "Projects/A", []NewMessage{{Upload: w.upload(letter("imported")), Source: "there/1", Flags: Flags{Keywords: []string{"urgent"}}}})
	w.must(err)
	w.must(anna.SetACL(w.ctx, "Projects", acl.Identifier{Kind: acl.User, Name: "ben"}, acl.Modification{Rights: acl.Full &^ acl.Admin}))
	w.must(anna.SetACL(w.ctx, "Projects", acl.Identifier{Kind: acl.Group, Name: "sales"}, acl.Modification{Rights: acl.Lookup | acl.Read | acl.Seen}))
	w.must(anna.Subscribe(w.ctx, "Nowhere"))
	w.must(anna.SetMetadata(w.ctx, "Projects", []MetadataEntry{{"/shared/comment", []byte("a note")}, {"/private/comment", []byte("mine")}}))
	w.must(w.AsAdmin(w.person("anna"), "test").SetQuota(w.ctx, Quota{Messages: 10000}))
	inbox := w.open("anna", "INBOX")
	_, err = inbox.Copy(w.ctx, uidset.Range(1, 3), "Projects")
	w.must(err)
	_, err = inbox.Copy(w.ctx, uidset.Range(1, 1), "Gone")
	w.must(err)
	w.must(anna.Delete(w.ctx, "Gone"))
	shared := w.open("ben", "Users/anna/Projects")
	_, err = shared.SetFlags(w.ctx, uidset.Range(1, 2), FlagChange{Op: AddFlags, Flags: Flags{System: Seen | Answered, Keywords: []string{"later"}}})
	w.must(err)
	_, err = inbox.SetFlags(w.ctx, uidset.Range(2, 2), FlagChange{Op: AddFlags, Flags: Flags{System: Deleted | Seen}})
	w.must(err)
	_, _, err = inbox.Expunge(w.ctx, uidset.Range(1, 10))
	w.must(err)
	_, err = w.open("ben", "INBOX").State(w.ctx, false)
	w.must(err)
	_, err = ben.Append(w.ctx, "INBOX", []NewMessage{{Upload: w.upload(letter("of ben"))}})
	w.must(err)
	for i := range 15 + g.IntN(10) {
		switch g.IntN(4) {
		case 0:
			w.deliver("ben", fmt.Sprintf("random %d %d", seed, i))
		case 1:
			_, err = inbox.SetFlags(w.ctx, uidset.Range(1, uint32(g.IntN(7))+1), FlagChange{Op: FlagOp(g.IntN(3)), Flags: Flags{System: SystemFlags(g.IntN(4))}})
		case 2:
			_, err = inbox.Copy(w.ctx, uidset.Range(uint32(g.IntN(6)+1), 9), "Archive")
		case 3:
			_, err = shared.SetFlags(w.ctx, uidset.Range(1, uint32(g.IntN(3))+1), FlagChange{Op: AddFlags, Flags: Flags{System: Seen}})
		}
		w.must(err)
	}
	w.must(w.IndexAll(w.ctx, nil))
}

// faults lets the store check itself, with nothing in its caches.
func (w *world) faults() (list []string) {
	w.forget()
	for p, err := range w.Check(w.ctx, CheckOptions{Bodies: true}) {
		w.must(err)
		list = append(list, p.String())
	}
	problems, err := w.dir.Check(w.ctx)
	if err != nil {
		problems = append(problems, err.Error())
	}
	return append(list, problems...)
}

// everything returns all pairs of a store.
func everything(t testing.TB, db kv.DB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	if err := db.View(context.Background(), func(r kv.Reader) error {
		for p := range r.Scan(nil, nil) {
			all[string(p.Key)] = bytes.Clone(p.Value)
		}
		return r.Err()
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func put(t testing.TB, db kv.DB, key string, value []byte) {
	t.Helper()
	if err := db.Update(context.Background(), nil, func(tx kv.Tx) error {
		if value == nil {
			return tx.Delete([]byte(key))
		}
		return tx.Set([]byte(key), value)
	}); err != nil {
		t.Fatal(err)
	}
}

// kindName is what the test calls the kind of a key.
func kindName(key string) string {
	switch {
	case key[0] == 'd':
		return "directory " + key[1:2]
	case key[0] == 's':
		return "search " + key[5:6]
	}
	k, _, _ := kindOfKey([]byte(key))
	if key[0] == bodyPrefix && len(key) > 10 {
		return "use of octets"
	}
	return k.name
}

// silentLoss are the kinds of which one record less cannot be told from a record
// that never was: nothing else in the store knows of it. All are what somebody
// set, or what is kept for people to read, and none is mail.
var silentLoss = map[string]string{
	"UIDVALIDITY of another server": "only keeps a later import from taking the same one",
	"delivery":                      "the same message may be delivered again",
	"import":                        "the same message may be imported again",
	"annotation":                    "set or not set",
	"log of annotations":            "what was told to sessions that were there",
	"quota":                         "set or not set",
	"subscription":                  "set or not set",
	"subscribed name":               "set or not set",
	"directory c":                   "a person may be without a password",
	"directory s":                   "counters and a secret that begin anew",
	"search s":                      "",
	"search r":                      "",
}

// TestCorruption damages one record after the other, of every kind, in three ways:
// one bit is flipped, the value is cut short, the record is gone. Verify names a
// fault each time.
func TestCorruption(t *testing.T) {
	tried, met := 0, map[string]bool{}
	for seed := range uint64(2) {
		w, raw := rawWorld(t)
		w.furnish(seed)
		if f := w.faults(); len(f) > 0 {
			t.Fatalf("undamaged: %v", f)
		}
		g := rand.New(rand.NewPCG(seed, 2))
		all := everything(t, raw)
		byKind := map[string][]string{}
		for _, key := range slices.Sorted(maps.Keys(all)) {
			byKind[kindName(key)] = append(byKind[kindName(key)], key)
		}
		for kind, keys := range byKind {
			met[kind] = true
			g.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			lost := 0
			for _, key := range keys[:min(len(keys), 8)] {
				value := all[key]
				flipped := bytes.Clone(value)
				flipped[g.IntN(len(flipped))] ^= 1 << g.IntN(8)
				for what, damaged := range map[string][]byte{"flipped": flipped, "cut": bytes.Clone(value[:g.IntN(len(value))]), "gone": nil} {
					tried++
					put(t, raw, key, damaged)
					faults := w.faults()
					put(t, raw, key, value)
					if len(faults) == 0 {
						if _, silent := silentLoss[kind]; what == "gone" && silent {
							lost++
							continue
						}
						if what == "gone" && isHistory(key, all) {
							continue
						}
						t.Errorf("a record of %q, %x, %s: verify found nothing", kind, key, what)
					}
				}
			}
			if why, silent := silentLoss[kind]; silent && why != "" && lost == 0 {
				t.Errorf("the loss of a record of %q is noticed; it is listed as one that is not", kind)
			}
		}
		if f := w.faults(); len(f) > 0 {
			t.Fatalf("after all was put back: %v", f)
		}
	}
	for _, kinds := range []map[byte]recordKind{ownerKinds, sharedKinds} {
		for _, k := range kinds {
			if !met[k.name] {
				t.Errorf("no record of the kind %q was there to be damaged", k.name)
			}
		}
	}
	t.Logf("tried: %d damages of %d kinds of records", tried, len(met))
}

// isHistory tells whether a record of a change log tells only what is for people:
// one of the log of mailboxes that is not the last, one of a mailbox that was
// deleted, or one of flags of messages of which a later record, or the public one
// of the same commit, tells too.
func isHistory(key string, all map[string][]byte) bool {
	if key[0] != ownerPrefix || key[5] != tableLog && key[5] != tablePrivateLog {
		return false
	}
	changed := func(key string) (changed, arrived, vanished uidset.Set) {
		v := all[key][:len(all[key])-4] // without the checksum
		if key[5] == tablePrivateLog {
			changed, _, _ = uidset.ParseBinary(v)
			return changed, arrived, vanished
		}
		var l logEntry
		if err := l.decode(v); err != nil {
			panic(err)
		}
		return l.changed.Union(l.arrived), l.arrived, l.vanished
	}
	var l logEntry
	tree := key[5] == tableLog && key[6:10] == "\x00\x00\x00\x00"
	if tree && (l.decode(all[key][:len(all[key])-4]) != nil || l.action == actDelete) {
		return false
	}
	if _, there := all[key[:5]+string(tableMailbox)+key[6:10]]; !tree && !there {
		return true
	}
	mine, arrived, vanished := changed(key)
	if !arrived.Empty() || !vanished.Empty() {
		return false
	}
	later, modseq := false, key[len(key)-8:]
	for other := range all {
		public := key[5] == tablePrivateLog && strings.HasPrefix(other, key[:5]+string(tableLog)+key[6:10]) && other[10:] >= modseq
		if public || other > key && strings.HasPrefix(other, key[:len(key)-8]) {
			c, _, v := changed(other)
			mine, later = mine.Subtract(c).Subtract(v), true
		}
	}
	return later && mine.Empty()
}

// TestKinds: verify and repair know every table of keys.go.
func TestKinds(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "keys.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		c, ok := v.Values[0].(*ast.BasicLit)
		if !ok || c.Kind != token.CHAR {
			return true
		}
		name, octet := v.Names[0].Name, c.Value[1]
		tables++
		switch {
		case strings.HasPrefix(name, "table"):
			if _, ok := ownerKinds[octet]; !ok {
				t.Errorf("%s is not among ownerKinds", name)
			}
		case octet != ownerPrefix:
			if _, ok := sharedKinds[octet]; !ok {
				t.Errorf("%s is not among sharedKinds", name)
			}
		}
		return true
	})
	if want := len(ownerKinds) + len(sharedKinds) + 1; tables != want {
		t.Errorf("keys.go has %d tables, verify knows %d", tables, want)
	}
}

// TestDamagedFiles: the octets of large messages are in files; a bit flipped
// anywhere, a cut and a loss are found.
func TestDamagedFiles(t *testing.T) {
	w := newWorld(t)
	w.furnish(3)
	files := &damagedBlobs{Store: w.blobs}
	w.Engine.blobs = files
	if f := w.faults(); len(f) > 0 {
		t.Fatalf("undamaged: %v", f)
	}
	for at := 0; at < 140000; at += 9973 {
		files.flip = at + 1
		if f := w.faults(); len(f) == 0 {
			t.Errorf("octet %d flipped: verify found nothing", at)
		}
	}
	files.flip = 0
	for _, cut := range []int{1, 1000, 100000} {
		files.cut = cut
		if f := w.faults(); len(f) == 0 {
			t.Errorf("cut by %d: verify found nothing", cut)
		}
	}
	files.cut, files.gone = 0, true
	if f := w.faults(); len(f) == 0 {
		t.Error("gone: verify found nothing")
	}
}

// damagedBlobs gives back other octets than it was given.
type damagedBlobs struct {
	blob.Store
	flip, cut int // flip: the octet before
	gone      bool
}

func (d *damagedBlobs) Open(ctx context.Context, id blob.ID) (blob.Reader, error) {
	if d.gone {
		return nil, blob.ErrNotFound
	}
	r, err := d.Store.Open(ctx, id)
	return &damagedBlob{r, d}, err
}

type damagedBlob struct {
	blob.Reader
	d *damagedBlobs
}

func (b *damagedBlob) Size() int64 { return b.Reader.Size() - int64(b.d.cut) }

func (b *damagedBlob) ReadAt(p []byte, off int64) (int, error) {
	n, err := b.Reader.ReadAt(p, off)
	if at := int64(b.d.flip) - 1 - off; at >= 0 && at < int64(n) {
		p[at] ^= 4
	}
	return n, err
}
