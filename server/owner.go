package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// checkOwner refuses to let root (uid 0) open a store that is somebody else's:
// root would leave files in it that its owner could not open at the next start.
func checkOwner(dir string, uid int) error {
	if uid != 0 {
		return nil // who may not write there is told so
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return nil
	}
	owner := strconv.Itoa(int(stat.Uid))
	if u, err := user.LookupId(owner); err == nil {
		owner = u.Username
	} else {
		owner = "#" + owner
	}
	return fmt.Errorf("%s belongs to the user %s, and root would leave files there that %s cannot open: "+
		"start the server, through which root can do this too, or run it as its owner: sudo -u %s poststube …", dir, owner, owner, owner)
}
