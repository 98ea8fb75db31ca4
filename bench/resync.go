package bench

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
)

// changes is how many messages change while a client is away.
const changes = 1000

// resyncs measures how long a client that was away takes to learn what changed:
// SELECT with QRESYNC (RFC 7162 section 3.2.5) after a flag of up to 1,000 messages
// has changed.
func resyncs(ctx context.Context, s *session, m *meter) error {
	client, err := login(ctx, s.server)
	if err != nil {
		return err
	}
	defer client.logout()
	if err := client.do("ENABLE", " QRESYNC", nil); err != nil {
		return err
	}
	exists, _, err := s.c.selectMailbox(s.main)
	if err != nil {
		return err
	}
	n := min(exists, changes)
	for i := 0; m.again(i, 10); i++ {
		var validity, modseq uint64
		err := client.do("SELECT", " "+quote(s.main), func(line []byte) error {
			if v, ok := code(line, "UIDVALIDITY"); ok {
				validity = v
			}
			if v, ok := code(line, "HIGHESTMODSEQ"); ok {
				modseq = v
			}
			return nil
		})
		if err != nil {
			return err
		}
		if _, _, err := client.selectMailbox(s.watched()); err != nil {
			return err
		}
		args := fmt.Sprintf(` 1:%d %sFLAGS.SILENT (\Draft)`, n, sign(i))
		if err := s.c.do("STORE", args, nil); err != nil {
			return err
		}
		changed := 0
		err = m.time(1, func() error {
			return client.do("SELECT", fmt.Sprintf(" %s (QRESYNC (%d %d))", quote(s.main), validity, modseq), func(line []byte) error {
				if _, ok := numbered(line, "FETCH"); ok {
					changed++
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		if changed < n {
			return fmt.Errorf("QRESYNC shows %d changes of %d", changed, n)
		}
	}
	return nil
}

// code reads the number of a response code such as [UIDNEXT 7].
func code(line []byte, name string) (n uint64, ok bool) {
	_, rest, ok := bytes.Cut(line, []byte("["+name+" "))
	if !ok {
		return 0, false
	}
	digits, _, _ := bytes.Cut(rest, []byte{']'})
	n, err := strconv.ParseUint(string(digits), 10, 63)
	return n, err == nil
}
