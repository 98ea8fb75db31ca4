package promises

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"poststube/acl"
	"poststube/admin"
	"poststube/blob/dirblob"
	"poststube/directory"
	"poststube/kv/pebblekv"
	"poststube/kv/sealed"
	"poststube/mail"
	"poststube/notify/localbus"
	"poststube/uidset"
)

// A building is the engine with all that it stands on, on one file system.
type building struct {
	db     *pebblekv.DB
	blobs  *dirblob.Store
	dir    *directory.Directory
	engine *mail.Engine
}

var people = []string{"anna", "ben", "clara", "dora"}

// quick are Argon2 parameters for tests.
var quick = directory.ArgonParams{Time: 1, Memory: 64, Threads: 1}

// open opens what lies on fs, or makes it. Small memtables let a short test have
// flushes and compactions.
func open(fs vfs.FS) (b *building, err error) {
	b = &building{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.db, err = pebblekv.Open("kv", pebblekv.Options{FS: fs, MemTableSize: 256 << 10, CacheSize: 1 << 20, Log: silent}); err != nil {
		return b, err
	}
	if b.blobs, err = dirblob.Open("blob", dirblob.Options{FS: fs, Log: silent}); err != nil {
		return b, err
	}
	values := sealed.New(b.db)
	bus := localbus.New()
	if b.dir, err = directory.Open(background, values, directory.Options{Bus: bus, Argon: quick, SCRAMIterations: -1, Log: silent}); err != nil {
		return b, err
	}
	b.engine, err = mail.Open(background, mail.Config{DB: values, Blobs: b.blobs, Bus: bus, Directory: b.dir, Log: silent})
	return b, err
}

func (b *building) close() error {
	var errs []error
	if b.engine != nil {
		errs = append(errs, b.engine.Close())
	}
	if b.dir != nil {
		b.dir.Close()
	}
	if b.blobs != nil {
		errs = append(errs, b.blobs.Close())
	}
	if b.db != nil {
		errs = append(errs, b.db.Close())
	}
	return errors.Join(errs...)
}

// settlePeople adds those people who are not there.
func (b *building) settlePeople() error {
	for _, name := range people {
		if _, err := b.dir.AddPerson(background, name, "secret"); err != nil && !errors.Is(err, directory.ErrExists) {
			return err
		}
	}
	return nil
}

// check lets the engine check itself.
func (b *building) check() error {
	for p, err := range b.engine.Check(background, mail.CheckOptions{Bodies: true}) {
		if err != nil {
			return err
		}
		return fmt.Errorf("verify: %v", p)
	}
	return nil
}

// service is what the command line asks.
func (b *building) service() admin.Service { return &admin.Local{Directory: b.dir, Engine: b.engine} }

// A person is somebody at an engine.
type person struct {
	*building
	user string
}

func (p person) do(o op) (outcome, error)                { return p.building.do(p.user, o) }
func (p person) read(prefix string) (store, error)       { return p.building.read(p.user, prefix) }
func (p person) readFolder(name string) (*folder, error) { return p.building.readFolder(p.user, name) }

// desk implements site.
func (b *building) desk(user string) (desk, error) { return person{b, user}, nil }

// deliver implements site.
func (b *building) deliver(l letter) error {
	up, err := b.engine.Upload(background, strings.NewReader(posted(l)), -1)
	if err != nil {
		return err
	}
	defer up.Discard()
	env := mail.Envelope{From: "load@example.com", To: l.to, Origin: mail.Origin{Protocol: "test"}}
	copy(env.Identity[:], l.subject)
	for _, d := range b.engine.Deliver(background, env, up) {
		err = errors.Join(err, d.Err)
	}
	return err
}

// as returns a person's way to mail.
func (b *building) as(name string) (*mail.User, error) {
	p, err := b.dir.ByName(background, name)
	if err != nil {
		return nil, err
	}
	return b.engine.As(p, mail.Origin{Protocol: "test"}), nil
}

// do does one command by the engine's own methods.
func (b *building) do(user string, o op) (got outcome, err error) {
	u, err := b.as(user)
	if err != nil {
		return got, err
	}
	switch o.kind {
	case "create":
		_, err := u.Create(background, o.folder, nil)
		return got, err
	case "delete":
		return got, u.Delete(background, o.folder)
	case "rename":
		return got, u.Rename(background, o.folder, o.to)
	case "append":
		up, err := b.engine.Upload(background, strings.NewReader(text(o.subject)), -1)
		if err != nil {
			return got, err
		}
		defer up.Discard()
		done, err := u.Append(background, o.folder, []mail.NewMessage{{Upload: up, Flags: flagsOf(o.flag)}})
		return outcome{uids: list(done.UIDs)}, err
	case "setacl":
		rights, err := acl.ParseRights(o.rights, acl.Supported)
		if err != nil {
			return got, err
		}
		id := acl.Identifier{Kind: acl.User, Name: o.who}
		if rights == acl.None {
			return got, u.DeleteACL(background, o.folder, id)
		}
		return got, u.SetACL(background, o.folder, id, acl.Modification{Rights: rights})
	case "annotate":
		e := mail.MetadataEntry{Name: o.who}
		if o.flag != "" {
			e.Value = []byte(o.flag)
		}
		return got, u.SetMetadata(background, o.folder, []mail.MetadataEntry{e})
	case "undelete", "import":
		return administer(b.service(), user, o)
	}
	box, err := u.Open(background, o.folder)
	if err != nil {
		return got, err
	}
	var uids uidset.Set
	for _, uid := range o.uids {
		uids.Add(uid)
	}
	switch o.kind {
	case "store":
		change := mail.FlagChange{Op: mail.RemoveFlags, Flags: flagsOf(o.flag)}
		if o.add {
			change.Op = mail.AddFlags
		}
		done, err := box.SetFlags(background, uids, change)
		got.modseqs = map[uint32]uint64{}
		for uid := range done.Changed.All() {
			got.modseqs[uid] = uint64(done.ModSeq)
		}
		return got, err
	case "copy":
		done, err := box.Copy(background, uids, o.to)
		return outcome{uids: list(done.To)}, err
	case "move":
		done, err := box.Move(background, uids, o.to)
		return outcome{uids: list(done.To)}, err
	case "expunge":
		_, _, err := box.Expunge(background, uids)
		return got, err
	case "replace":
		up, err := b.engine.Upload(background, strings.NewReader(text(o.subject)), -1)
		if err != nil {
			return got, err
		}
		defer up.Discard()
		done, err := box.Replace(background, o.uids[0], o.to, mail.NewMessage{Upload: up, Flags: flagsOf(o.flag)})
		return outcome{uids: list(done.UIDs)}, err
	}
	return got, fmt.Errorf("no command %q", o.kind)
}

// read returns a client's mailboxes as they are now.
func (b *building) read(user, prefix string) (store, error) {
	u, err := b.as(user)
	if err != nil {
		return nil, err
	}
	boxes, err := u.Mailboxes(background)
	if err != nil {
		return nil, err
	}
	found := store{}
	for _, info := range boxes {
		if info.NonExistent {
			continue
		}
		if info.Namespace == mail.Personal && strings.HasPrefix(info.Name, prefix) || info.Namespace == mail.OtherUsers && strings.Contains(info.Name, "/"+prefix) {
			if found[info.Name], err = b.readFolder(user, info.Name); err != nil {
				return nil, fmt.Errorf("%s: %w", info.Name, err)
			}
		}
	}
	return found, nil
}

func (b *building) readFolder(user, name string) (*folder, error) {
	u, err := b.as(user)
	if err != nil {
		return nil, err
	}
	box, err := u.Open(background, name)
	if err != nil {
		return nil, err
	}
	s, err := box.State(background, false)
	if err != nil {
		return nil, err
	}
	f := newFolder()
	f.validity, f.next, f.highest, f.foreign = s.UIDValidity, s.UIDNext, uint64(s.HighestModSeq), isForeign(name)
	for from := uint32(1); from != 0; {
		from, err = box.Messages(background, s.UIDs, from, 0, func(m *mail.Message) bool {
			f.messages[m.UID] = message{flags: wordsOf(m.Flags), modseq: uint64(m.ModSeq)}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	for uid, m := range f.messages {
		if m.subject, err = readBody(box, uid); err != nil {
			return nil, fmt.Errorf("UID %d: %w", uid, err)
		}
		f.messages[uid] = m
	}
	if f.foreign {
		return f, nil
	}
	notes, err := u.Metadata(background, name)
	if err != nil {
		return nil, err
	}
	for _, e := range notes {
		f.notes[e.Name] = string(e.Value)
	}
	entries, err := u.ACL(background, name)
	for _, e := range entries {
		// A mailbox under another inherits; the model has what was set here.
		if e.Identifier.Kind == acl.User && !e.Inherited {
			f.rights[e.Identifier.Name] = e.Rights.String()
		}
	}
	return f, err
}

// readBody reads a message as a whole and returns its subject.
func readBody(box *mail.Mailbox, uid uint32) (string, error) {
	body, err := box.OpenBody(background, uid)
	if err != nil {
		return "", err
	}
	octets, err := io.ReadAll(io.NewSectionReader(body, 0, body.Size()))
	if err := errors.Join(err, body.Close()); err != nil {
		return "", err
	}
	return subjectOf(string(octets))
}

var systemFlags = map[string]mail.SystemFlags{
	`\Seen`: mail.Seen, `\Answered`: mail.Answered, `\Flagged`: mail.Flagged, `\Deleted`: mail.Deleted, `\Draft`: mail.Draft,
}

func flagsOf(words string) (f mail.Flags) {
	for _, w := range strings.Fields(words) {
		if s, ok := systemFlags[w]; ok {
			f.System |= s
		} else {
			f.Keywords = append(f.Keywords, w)
		}
	}
	return f
}

func wordsOf(f mail.Flags) string {
	words := append([]string(nil), f.Keywords...)
	for w, s := range systemFlags {
		if f.System&s != 0 {
			words = append(words, w)
		}
	}
	return sortWords(words)
}

func list(s uidset.Set) (uids []uint32) {
	for uid := range s.All() {
		uids = append(uids, uid)
	}
	sort.Slice(uids, func(i, j int) bool { return uids[i] < uids[j] })
	return uids
}

// purgeAll removes for good what was expunged.
func (b *building) purgeAll() error {
	now := time.Now().Add(time.Hour)
	_, err := b.engine.Purge(background, mail.PurgeOptions{Deleted: now, Log: time.Unix(0, 0)})
	return err
}
