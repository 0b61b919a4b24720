//go:build linux || darwin

package main

import "syscall"

// diskSpace is what an ordinary user may still write below a path, and how large the disk is.
func diskSpace(path string) (free, total uint64, err error) {
	var s syscall.Statfs_t
	err = syscall.Statfs(path, &s)
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), err
}
