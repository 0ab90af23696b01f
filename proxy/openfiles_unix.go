//go:build unix

package proxy

import "syscall"

// mostOpenFiles returns how many files and sockets the process may have open,
// 0 where that is not known.
func mostOpenFiles() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur) //nolint:unconvert // signed on some systems
}
