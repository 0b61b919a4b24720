//go:build linux || darwin

package main

import (
	"runtime"
	"syscall"
	"time"
)

// diskSpace is what an ordinary user may still write below a path, and how large the disk is.
func diskSpace(path string) (free, total uint64, err error) {
	var s syscall.Statfs_t
	err = syscall.Statfs(path, &s)
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), err
}

// used is the processor time of this process so far and the most memory it ever held, in bytes.
func used() (processor time.Duration, peak int64) {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail
	peak = int64(u.Maxrss)
	if runtime.GOOS == "linux" {
		peak <<= 10 // there in KiB
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), peak
}
