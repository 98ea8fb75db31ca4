package server

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Reloading is what a service manager is told when a reload begins: with the
// time, which Type=notify-reload wants.
func Reloading() string {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return "RELOADING=1"
	}
	return fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", now.Nano()/int64(time.Microsecond))
}
