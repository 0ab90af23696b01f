//go:build race

package transport

import "bytes"

var spoiled = bytes.Repeat([]byte{0xdb}, smallestBuffer)

// spoil writes over memory that nobody holds any more, so that whoever looks at it
// all the same, is found in tests: they run under the race detector too, which
// finds it if somebody else looks at the time. The detector takes a copy as a whole,
// and a loop byte by byte, which costs more than all else that the tests do.
func spoil(b []byte) {
	for b = b[:cap(b)]; len(b) > 0; {
		b = b[copy(b, spoiled):]
	}
}
