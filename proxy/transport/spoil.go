//go:build !race

package transport

// spoil does something in tests alone.
func spoil([]byte) {}
