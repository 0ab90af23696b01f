//go:build unix && (!linux || race || 386 || s390x)

package transport

import "syscall"

func readFD(fd uintptr, p []byte) (int, error)  { return syscall.Read(int(fd), p) }
func writeFD(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }

// writePiecesFD writes several pieces, as far as the socket takes them.
func writePiecesFD(fd uintptr, pieces [][]byte) (n int, err error) {
	for _, p := range pieces {
		part, err := writeFD(fd, p)
		if part > 0 {
			n += part
		}
		if err != nil && n == 0 {
			return 0, err
		}
		if part < len(p) {
			break
		}
	}
	return n, nil
}
