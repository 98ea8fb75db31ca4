package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"poststube/admin"
	"poststube/mail"
)

// quarantineDir is where Repair keeps what it takes out of the store:
//
//	DIR/quarantine/20261125T030000Z/report.jsonl   what was done, one object a line
//	DIR/quarantine/20261125T030000Z/…              records and octets, as they were
const quarantineDir = "quarantine"

// Repair mends what Check finds (see mail.Engine.Repair). The store must not be
// served. done, if not nil, hears of each thing; aside is the directory with what
// was taken out and the report, "" if nothing was done.
func (s *Store) Repair(ctx context.Context, done func(admin.Problem)) (aside string, err error) {
	q := quarantine{dir: filepath.Join(s.dir, quarantineDir, time.Now().UTC().Format(backupTime))}
	report := func(p mail.Problem) {
		known := admin.Problem{Mailbox: p.Mailbox, UID: p.UID, Text: p.Text}
		if p.Owner != 0 {
			known.Owner = strconv.FormatUint(uint64(p.Owner), 10)
			if who, err := s.Directory.ByID(ctx, p.Owner); err == nil {
				known.Owner = who.Name
			}
		}
		q.report(known)
		if done != nil {
			done(known)
		}
	}
	err = s.Engine.Repair(ctx, mail.RepairOptions{Aside: q.keep, Done: report})
	return q.made, errors.Join(err, q.close())
}

// A quarantine is the directory that one repair fills. It is made when it is
// needed.
type quarantine struct {
	dir  string
	made string // dir, once it is there
	log  *os.File
	err  error
}

func (q *quarantine) open() error {
	if q.made != "" || q.err != nil {
		return q.err
	}
	if q.err = os.MkdirAll(q.dir, 0o700); q.err != nil {
		return q.err
	}
	q.log, q.err = os.OpenFile(filepath.Join(q.dir, "report.jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if q.err == nil {
		q.made = q.dir
	}
	return q.err
}

// keep stores one file durably. One of that name stays, and the new one gets a
// number: a repair that is repeated must not overwrite what the first has saved.
func (q *quarantine) keep(name string, r io.Reader) error {
	if err := q.open(); err != nil {
		return err
	}
	if len(name) > 200 {
		name = name[:200]
	}
	path := filepath.Join(q.dir, name)
	for n := 2; ; n++ {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			path = filepath.Join(q.dir, fmt.Sprintf("%s.%d", name, n))
			continue
		}
		if err != nil {
			return err
		}
		if _, err = io.Copy(f, r); err == nil {
			err = f.Sync()
		}
		return errors.Join(err, f.Close(), syncDir(q.dir))
	}
}

func (q *quarantine) report(p admin.Problem) {
	if q.open() == nil {
		q.err = json.NewEncoder(q.log).Encode(p)
	}
}

func (q *quarantine) close() error {
	if q.log == nil {
		return q.err
	}
	return errors.Join(q.err, q.log.Sync(), q.log.Close(), syncDir(filepath.Dir(q.dir)))
}
