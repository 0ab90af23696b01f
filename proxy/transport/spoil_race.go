//go:build race

package transport

// spoil writes over memory that nobody holds any more, so that whoever looks at it
// all the same, is found in tests: they run under the race detector too, which
// finds it if somebody else looks at the time.
func spoil(b []byte) {
	b = b[:cap(b)]
	for i := range b {
		b[i] = 0xdb
	}
}
