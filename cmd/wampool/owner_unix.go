//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file the owner and group of another one.
func keepOwner(f *os.File, of fs.FileInfo) error {
	if owner, known := of.Sys().(*syscall.Stat_t); known {
		return f.Chown(int(owner.Uid), int(owner.Gid))
	}
	return nil
}
