package transport

import (
	"cmp"
	"math"
	"math/bits"
	"sync"
)

// buffer is borrowed memory. Idle connections hold none: with thousands of
// them, what each keeps for itself is what the process costs.
type buffer struct{ b []byte }

const (
	smallestBuffer = 4 << 10
	bufferClasses  = 11 // 4 KiB to 4 MiB, each twice the one before; larger ones are left to the garbage collector
)

var bufferPools [bufferClasses]sync.Pool

// bufferClass returns the class of the smallest buffers that hold size bytes.
func bufferClass(size int) int {
	return max(0, bits.Len(uint(max(size, 1)-1))-bits.Len(uint(smallestBuffer-1)))
}

// borrowBuffer returns an empty buffer with room for size bytes or more.
func borrowBuffer(size int) *buffer {
	class := bufferClass(size)
	if class >= bufferClasses {
		return &buffer{make([]byte, 0, size)}
	}
	if b, ok := bufferPools[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{make([]byte, 0, smallestBuffer<<class)}
}

// giveBack ends the use of a buffer and of every slice of it.
func (b *buffer) giveBack() {
	class := bufferClass(cap(b.b))
	if class < bufferClasses && cap(b.b) == smallestBuffer<<class {
		b.b = b.b[:0]
		bufferPools[class].Put(b)
	}
}

// size returns how many bytes of memory a buffer is, 0 where there is none.
func (b *buffer) size() int64 {
	if b == nil {
		return 0
	}
	return int64(cap(b.b))
}

// free is giveBack where there may be no buffer.
func (b *buffer) free() {
	if b != nil {
		b.giveBack()
	}
}

// joined returns a buffer that has the content of b and then that of next, of
// which either may be nil, and ends the use of those that it does not return.
func (b *buffer) joined(next *buffer) *buffer {
	if b == nil || next == nil {
		return cmp.Or(b, next)
	}
	b = b.withRoom(len(next.b))
	b.b = append(b.b, next.b...)
	next.giveBack()
	return b
}

// withRoom returns b, or a larger buffer with its content in its place, that
// has room for n bytes more. It at least doubles, so that appending costs one
// copy of each byte on average.
func (b *buffer) withRoom(n int) *buffer {
	if cap(b.b)-len(b.b) >= n {
		return b
	}
	larger := borrowBuffer(max(len(b.b)+n, 2*min(cap(b.b), math.MaxInt/2)))
	larger.b = append(larger.b, b.b...)
	b.giveBack()
	return larger
}
