package clients

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// revoke takes from ben what he may in anna's folder, and restore gives it back.
func (r *rig) revoke() {
	r.Helper()
	r.anna.do("DELETEACL %q group:sales", team)
}

func (r *rig) restore() {
	r.Helper()
	r.anna.do("SETACL %q group:sales %s", team, teamRights)
}

// TestRevocation takes a right away from programs that are at work in a shared
// folder, and from such as are away. Nothing that they keep is lost, their other
// mailboxes go on, and when the right comes back all is as if nothing had been.
// Thunderbird's part is in thunderbird_test.go, since it is slow to start.
func TestRevocation(t *testing.T) {
	for _, c := range []struct {
		name     string
		packages []string
		run      func(*rig)
	}{
		{"mbsync", []string{"isync"}, revokeMbsync},
		{"offlineimap3", []string{"offlineimap3"}, revokeOfflineimap},
		{"mutt", []string{"mutt", "tmux"}, revokeMutt},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			install(t, c.packages...)
			if _, err := program(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			c.run(newRig(ctx, t))
		})
	}
}

// revokeReplica revokes from a program that keeps Maildirs: once when it is about
// to fetch a message, once before it comes back with a flag that was set
// meanwhile. sync runs it against a port, elsewhere is its copy of another mailbox.
// It returns what the program said in the middle, and when it came back.
func (r *rig) revokeReplica(dir, elsewhere maildir, sync func(port string) (string, error)) (running, away string) {
	r.Helper()
	s := notes("one", "two")
	r.fillTeam(s...)
	if out, err := sync(r.node.imap); err != nil {
		r.Fatalf("%v\n%s", err, out)
	}
	r.anna.append(team, "", note("three").raw)
	running, err := sync(r.relay("FETCH.*BODY", r.revoke))
	if err == nil {
		r.Errorf("it met the end of a right and says that all is well:\n%s", running)
	}
	dir.holds(r, withoutTUID, s...)

	dir.setFlags(r, "one", "F")
	r.observe("ben").append("INBOX", "", note("elsewhere").raw)
	away, _ = sync(r.node.imap)
	dir.holds(r, withoutTUID, s...)
	if !strings.Contains(dir.message(r, "one").flags, "F") {
		r.Error("the flag that was set meanwhile is gone")
	}
	elsewhere.message(r, "elsewhere")
	r.flags(team, s[0]) // has not come through

	r.restore()
	if out, err := sync(r.node.imap); err != nil {
		r.Fatalf("%v\n%s", err, out)
	}
	dir.holds(r, withoutTUID, notes("one", "two", "three")...)
	r.holds(team, notes("one", "two", "three")...)
	r.flags(team, s[0], `\Flagged`)
	return running, away
}

// revokeMbsync: mbsync says that the connection is gone, and leaves alone what it
// keeps of a mailbox that the server no longer lists, although it is told to
// remove mailboxes here that are gone there ("Remove Both").
func revokeMbsync(r *rig) {
	ben := filepath.Join(r.home, "ben")
	running, away := r.revokeReplica(maildir(filepath.Join(ben, sharedTeam)), maildir(filepath.Join(ben, "INBOX")), func(port string) (string, error) {
		// The relay reads what is said.
		c := mbsyncConfig{"ben", password, "127.0.0.1", port, "None\nDisableExtension COMPRESS=DEFLATE", "INBOX " + sharedTeam, ""}
		return r.try("mbsync", append(r.mbsyncFor(c), "-a")...)
	})
	r.contains(running, "unexpected BYE response: The selected mailbox is deleted or may no longer be read")
	r.contains(away, "far side box "+sharedTeam+" cannot be opened and near side box "+sharedTeam+" is not empty")
}

// revokeOfflineimap: offlineimap says that the connection is gone. Later it would
// stop at a mailbox that it cannot make there again, so it must be told not to try.
func revokeOfflineimap(r *rig) {
	running, _ := r.revokeReplica(r.offlineimapDir("ben", sharedTeam), r.offlineimapDir("ben", "INBOX"), func(port string) (string, error) {
		c := offlineimapConfig{"ben", password, "127.0.0.1", port, offlineimapNoTLS + "\ncreatefolders = False"}
		return r.try("offlineimap", append(r.offlineimapFor(c), "-f", "INBOX,"+sharedTeam)...)
	})
	r.contains(running, "while fetching msg '3' in folder '"+sharedTeam+"'")
}

// revokeMutt: mutt closes the mailbox and says so, and the next one can be opened.
func revokeMutt(r *rig) {
	r.fillTeam(notes("one", "two")...)
	r.observe("ben").append("INBOX", "", note("elsewhere").raw)
	t := r.mutt("ben", "="+sharedTeam, "set imap_idle = yes")
	t.sees("one", "two")
	r.revoke()
	t.sees("(no mailbox)")
	t.keys("c", "C-u")
	t.line("=" + sharedTeam)
	t.sees("NONEXISTENT")
	t.keys("c", "C-u")
	t.line("=INBOX")
	t.sees("elsewhere")
	r.restore()
	t.keys("c", "C-u")
	t.line("=" + sharedTeam)
	t.sees("one", "two")
}
