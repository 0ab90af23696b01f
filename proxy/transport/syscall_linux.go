//go:build !race && !386 && !s390x

package transport

import (
	"syscall"
	"unsafe"
)

// readFD and writeFD are system calls on a socket that does not block, without
// a word to the scheduler: it would wake its monitor thread for each of them on
// a process that is otherwise idle, which costs more than the call itself. The
// race detector must see them, for what they put in order. Those of sockets do
// without what read and write do for files; 386 and s390x have them in later
// kernels alone.

func readFD(fd uintptr, p []byte) (int, error) { return socketIO(syscall.SYS_RECVFROM, fd, p, 0) }

func writeFD(fd uintptr, p []byte) (int, error) {
	return socketIO(syscall.SYS_SENDTO, fd, p, syscall.MSG_NOSIGNAL)
}

func socketIO(trap, fd uintptr, p []byte, flags uintptr) (int, error) {
	n, _, errno := syscall.RawSyscall6(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// writePiecesFD writes several pieces in one system call.
func writePiecesFD(fd uintptr, pieces [][]byte) (int, error) {
	var vectors [mostPieces]syscall.Iovec
	for i, p := range pieces {
		vectors[i].Base = unsafe.SliceData(p)
		vectors[i].SetLen(len(p))
	}
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&vectors[0])), uintptr(len(pieces)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
