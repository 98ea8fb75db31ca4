package server

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"poststube/admin"
	"poststube/mail"
	"poststube/uidset"
)

// put delivers a message with a body of some octets to anna.
func put(t *testing.T, s *Store, subject string, size int) {
	t.Helper()
	line := strings.Repeat("x", 70) + "\r\n"
	text := "Subject: " + subject + "\r\n\r\n" + strings.Repeat(line, size/len(line))
	up, err := s.Engine.Upload(t.Context(), strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range s.Engine.Deliver(t.Context(), mail.Envelope{To: []string{"anna"}}, up) {
		if d.Err != nil {
			t.Fatal(d.Err)
		}
	}
}

// contents returns all of anna's INBOX.
func contents(t *testing.T, s *Store) string {
	t.Helper()
	var out bytes.Buffer
	err := s.Admin().Export(t.Context(), admin.MailboxName{Owner: "anna", Name: "INBOX"}, func(m admin.Message) error {
		_, err := out.ReadFrom(m.Body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// renameBackup makes a backup one of an earlier time, so that the next one is not
// of the same second.
func renameBackup(t *testing.T, dir, name string) string {
	t.Helper()
	to := filepath.Join(filepath.Dir(dir), name)
	if err := os.Rename(dir, to); err != nil {
		t.Fatal(err)
	}
	return to
}

func openTest(t *testing.T, dir string) *Store {
	t.Helper()
	c := testStoreConfig()
	s, err := OpenStore(t.Context(), dir, &c, silent)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testStoreConfig() Config {
	c := Default()
	c.Storage.MinFree, c.Storage.Ballast = 0, 0
	c.Sharing.Announce = false
	return c
}

func TestBackup(t *testing.T) {
	work := t.TempDir()
	s := openTest(t, filepath.Join(work, "data"))
	if _, err := s.Directory.AddPerson(t.Context(), "anna", "secret"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "small", 100)
	put(t, s, "large", 2<<20)
	saved := filepath.Join(work, "saved")
	first, err := s.Backup(t.Context(), admin.BackupTo{Dir: saved}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if first.Copied != first.Octets || first.Octets < 2<<20 {
		t.Errorf("the first backup: %+v", first)
	}
	one := renameBackup(t, first.Dir, "20260101T000000Z")
	want := contents(t, s)
	put(t, s, "later", 1<<10)
	second, err := s.Backup(t.Context(), admin.BackupTo{Dir: saved}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if second.Copied >= 1<<20 || second.Octets < 2<<20 {
		t.Errorf("a second backup copies %d of %d octets", second.Copied, second.Octets)
	}
	wantLater := contents(t, s)
	two := renameBackup(t, second.Dir, "20260102T000000Z")
	// Only the newest is kept, and is whole without the others.
	third, err := s.Backup(t.Context(), admin.BackupTo{Dir: saved, Keep: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := backups(saved); err != nil || fmt.Sprint(names) != fmt.Sprint([]string{"20260102T000000Z", filepath.Base(third.Dir)}) {
		t.Errorf("kept are %v, %v", names, err)
	}
	if _, err := os.Stat(one); err == nil {
		t.Error("the oldest is still there")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if want == wantLater {
		t.Fatal("the later message made no difference")
	}
	for i, from := range []string{two, saved} {
		dir := filepath.Join(work, fmt.Sprint("restored", i))
		c := testStoreConfig()
		if _, err := Restore(t.Context(), from, dir, &c, silent, nil); err != nil {
			t.Fatal(err)
		}
		r := openTest(t, dir)
		if got := contents(t, r); got != wantLater {
			t.Errorf("%s: restored are %d octets, want %d", from, len(got), len(wantLater))
		}
		put(t, r, "after", 2<<20) // its octets must not take the place of others
		if _, err := r.Admin().Check(t.Context(), admin.CheckOptions{Bodies: true}, func(p admin.Problem) error { return fmt.Errorf("%+v", p) }); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestBackupUnderLoad: what was acknowledged before the backup is in it, and it
// fits together, though mail comes and goes all the while.
func TestBackupUnderLoad(t *testing.T) {
	work := t.TempDir()
	s := openTest(t, filepath.Join(work, "data"))
	if _, err := s.Directory.AddPerson(t.Context(), "anna", "secret"); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		put(t, s, fmt.Sprint("before ", i), 300<<10)
	}
	ctx, stop := context.WithCancel(t.Context())
	loaded := make(chan int)
	go func() {
		n := 0
		for ; ctx.Err() == nil; n++ {
			put(t, s, fmt.Sprint("during ", n), 300<<10)
		}
		loaded <- n
	}()
	done, err := s.Backup(t.Context(), admin.BackupTo{Dir: filepath.Join(work, "saved")}, nil)
	stop()
	<-loaded
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c := testStoreConfig()
	if _, err := Restore(t.Context(), done.Dir, filepath.Join(work, "restored"), &c, silent, nil); err != nil {
		t.Fatal(err)
	}
	r := openTest(t, filepath.Join(work, "restored"))
	got := contents(t, r)
	for i := range 10 {
		if !strings.Contains(got, fmt.Sprintf("Subject: before %d\r\n", i)) {
			t.Errorf("message %d is missing", i)
		}
	}
	if _, err := r.Admin().Check(t.Context(), admin.CheckOptions{Bodies: true}, func(p admin.Problem) error { return fmt.Errorf("%+v", p) }); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestBackupOneInstant: a backup shows one moment. While messages move to and fro
// between two mailboxes, each is in exactly one of
// them in every backup.
func TestBackupOneInstant(t *testing.T) {
	work := t.TempDir()
	s := openTest(t, filepath.Join(work, "data"))
	anna, err := s.Directory.AddPerson(t.Context(), "anna", "secret")
	if err != nil {
		t.Fatal(err)
	}
	const messages = 30
	for i := range messages {
		put(t, s, fmt.Sprint("message ", i), 500)
	}
	u := s.Engine.AsAdmin(anna, "test")
	ctx, stop := context.WithCancel(t.Context())
	moved := make(chan int)
	go func() {
		n := 0
		for from, to := "INBOX", "Archive"; ctx.Err() == nil; from, to = to, from {
			b, err := u.Open(t.Context(), from)
			if err != nil {
				t.Error(err)
				break
			}
			st, err := b.State(t.Context(), false)
			if err != nil {
				t.Error(err)
				break
			}
			for uid := range st.UIDs.All() {
				if _, err := b.Move(t.Context(), uidset.Range(uid, uid), to); err != nil {
					t.Error(err)
				}
				if n++; ctx.Err() != nil {
					break
				}
			}
		}
		moved <- n
	}()
	var dirs []string
	for i := range 3 {
		b, err := s.Backup(t.Context(), admin.BackupTo{Dir: filepath.Join(work, fmt.Sprint("saved", i))}, nil)
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, b.Dir)
	}
	stop()
	if n := <-moved; n < messages {
		t.Errorf("only %d messages moved meanwhile", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for i, from := range dirs {
		c := testStoreConfig()
		dir := filepath.Join(work, fmt.Sprint("restored", i))
		if _, err := Restore(t.Context(), from, dir, &c, silent, nil); err != nil {
			t.Fatal(err)
		}
		r := openTest(t, dir)
		boxes, err := r.Admin().Mailboxes(t.Context(), "anna")
		sum := uint32(0)
		for _, b := range boxes {
			sum += b.Messages
		}
		if err != nil || sum != messages {
			t.Errorf("backup %d has %d messages, %v; want %d", i, sum, err, messages)
		}
		if _, err := r.Admin().Check(t.Context(), admin.CheckOptions{Bodies: true}, func(p admin.Problem) error { return fmt.Errorf("%+v", p) }); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestHeldBlobs: what is deleted during a backup goes after it.
func TestHeldBlobs(t *testing.T) {
	s := openTest(t, t.TempDir())
	w, err := s.blobs.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	release := s.blobs.hold()
	if err := s.blobs.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b, err := s.blobs.Open(t.Context(), id)
	if err != nil {
		t.Fatalf("it is gone while it is held: %v", err)
	}
	b.Close()
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.blobs.Open(t.Context(), id); err == nil {
		t.Error("it is still there")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestRestoreDamaged: every file of a backup is needed and checked; what is
// refused leaves nothing behind that a server would open.
func TestRestoreDamaged(t *testing.T) {
	work := t.TempDir()
	s := openTest(t, filepath.Join(work, "data"))
	if _, err := s.Directory.AddPerson(t.Context(), "anna", "secret"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "large", 2<<20)
	b, err := s.Backup(t.Context(), admin.BackupTo{Dir: filepath.Join(work, "saved")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c := testStoreConfig()
	dir := filepath.Join(work, "restored")
	n := 0
	err = filepath.Walk(b.Dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || info.Size() == 0 {
			return err
		}
		n++
		whole, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for how, damaged := range map[string][]byte{"cut": whole[:len(whole)/2], "changed": append([]byte{whole[0] ^ 1}, whole[1:]...)} {
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				return err
			}
			if _, err := Restore(t.Context(), b.Dir, dir, &c, silent, nil); err == nil {
				t.Errorf("%s, %s: restored", path, how)
			}
			if left, err := os.ReadDir(dir); err == nil && len(left) > 0 {
				t.Errorf("%s, %s: left are %v", path, how, left)
			}
		}
		return os.WriteFile(path, whole, 0o600)
	})
	if err != nil || n < 6 {
		t.Fatalf("%d files, %v", n, err)
	}
	if _, err := Restore(t.Context(), b.Dir, dir, &c, silent, nil); err != nil {
		t.Errorf("undamaged: %v", err)
	}
}
