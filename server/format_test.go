package server

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"poststube/admin"
	"poststube/directory"
	"poststube/kv"
	"poststube/kv/pebblekv"
	"poststube/kv/sealed"
	"poststube/mail"
)

// unpack unpacks a data directory that an earlier version has made.
func unpack(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if !filepath.IsLocal(h.Name) {
			t.Fatalf("%s has %q", name, h.Name)
		}
		to := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(to, 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUpgrade: a data directory of every format that there was opens, all that
// was in it is there, and it is whole. scripts/make-fixture.sh made them.
func TestUpgrade(t *testing.T) {
	for format := 1; format <= mail.StoreFormat; format++ {
		t.Run(fmt.Sprint("format ", format), func(t *testing.T) {
			dir := unpack(t, fmt.Sprintf("format%d.tar.gz", format))
			for range 2 { // upgraded, and opened once more
				s := openTest(t, dir)
				service := s.Admin()
				n, err := service.Check(t.Context(), admin.CheckOptions{Bodies: true}, func(p admin.Problem) error { return fmt.Errorf("%+v", p) })
				if err != nil || n.Messages != 7 {
					t.Errorf("%d messages, %v", n.Messages, err)
				}
				if got := listFixture(t, s); got != wantFixture {
					t.Errorf("it holds\n%s\nwant\n%s", got, wantFixture)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

const wantFixture = `anna Projects/A 1 \Seen \Flagged urgent: one
anna Projects/A 2: Re: one
anna INBOX 2: Re: one
sales Inbox 1 \Answered: large
shared with ben: lrswi
anna may have 1000 messages
expunged: three, expunged
ben logs in`

// listFixture writes what the fixtures are known to hold.
func listFixture(t *testing.T, s *Store) string {
	t.Helper()
	ctx := t.Context()
	service := s.Admin()
	var lines []string
	for _, at := range [][2]string{{"anna", "Projects/A"}, {"anna", "INBOX"}, {"sales", "Inbox"}} {
		err := service.Export(ctx, admin.MailboxName{Owner: at[0], Name: at[1]}, func(m admin.Message) error {
			b, err := io.ReadAll(m.Body)
			_, rest, _ := strings.Cut("\r\n"+string(b), "\r\nSubject: ")
			subject, _, _ := strings.Cut(rest, "\r\n")
			if at[0] == "sales" && subject != "large" {
				return nil // what the announcer says
			}
			if at[1] == "INBOX" && !strings.HasPrefix(subject, "Re:") {
				return nil
			}
			line := fmt.Sprintf("%s %s %d", at[0], at[1], m.UID)
			lines = append(lines, strings.TrimSuffix(line+" "+strings.Join(m.Flags, " "), " ")+": "+subject)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	place := admin.Place{Owner: "anna", Path: "Projects/A"}
	list, err := service.ACL(ctx, place)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Identifier == "ben" {
			lines = append(lines, "shared with ben: "+e.Rights)
		}
	}
	q, err := service.Quota(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	lines = append(lines, fmt.Sprintf("anna may have %d messages", q.Messages))
	gone, err := service.Expunged(ctx, place)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range gone {
		lines = append(lines, "expunged: "+g.Subject)
	}
	if _, err := s.Directory.Verify(ctx, "ben", "secret", directory.Origin{}); err == nil {
		lines = append(lines, "ben logs in")
	} else {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

// TestUpgradeInterrupted: an upgrade that was cut off goes on.
func TestUpgradeInterrupted(t *testing.T) {
	dir := unpack(t, "format1.tar.gz")
	db, err := pebblekv.Open(filepath.Join(dir, "kv"), pebblekv.Options{Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	// As the first step leaves it, had it come to three keys only.
	err = db.Update(t.Context(), nil, func(tx kv.Tx) error {
		n := 0
		for p := range tx.Scan(nil, nil) {
			key, value := string(p.Key), string(p.Value)
			if err := tx.Set([]byte(key), sealed.Append(nil, []byte(key), []byte(value))); err != nil {
				return err
			}
			if n++; n == 3 {
				if err := tx.Set(sealingKey, []byte(key)); err != nil {
					return err
				}
				break
			}
		}
		return tx.Set(mail.FormatKey(), sealed.Append(nil, mail.FormatKey(), mail.FormatValue()))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, dir)
	if got := listFixture(t, s); got != wantFixture {
		t.Errorf("it holds\n%s\nwant\n%s", got, wantFixture)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestNewerFormat: a store that a newer version wrote is refused before anything
// in it is read or written.
func TestNewerFormat(t *testing.T) {
	dir := t.TempDir()
	if err := openTest(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := pebblekv.Open(filepath.Join(dir, "kv"), pebblekv.Options{Log: silent})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), nil, func(tx kv.Tx) error {
		return errors.Join(tx.Set(mail.FormatKey(), []byte{mail.StoreFormat + 1, 'x'}), tx.Set([]byte("ds"+"secret"), nil))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	c := testStoreConfig()
	_, err = OpenStore(context.Background(), dir, &c, silent)
	var newer *mail.FormatError
	if !errors.As(err, &newer) || newer.Found != mail.StoreFormat+1 || !strings.Contains(err.Error(), "made by a newer poststube") {
		t.Errorf("opened with %v", err)
	}
	if refused := (*Refusal)(nil); !errors.As(err, &refused) {
		t.Errorf("%v is no refusal: a supervisor would try again for ever", err)
	}
}
