package transport

import (
	"cmp"
	"math"
	"math/bits"
	"sync"

	"github.com/wampool/wampool/codec"
)

// buffer is borrowed memory. Idle connections hold none: with thousands of
// them, what each keeps for itself is what the process costs.
//
// It has one owner, who gives it back. The buffer of a long message may be lent
// beside: then others hold it too, and the last of them gives it back ([Conn.Keep]).
type buffer struct {
	b      []byte
	memory codec.Memory
	isLent bool   // its owner has lent memory
	again  func() // recycle, once the buffer was lent

	// Of what is to be written: see insert.go.
	at       int      // own bytes that are taken
	inserts  []insert // in order
	passed   int      // of them that are taken
	inserted int      // bytes of the others
	holds    int      // bytes of memory that those lie in
}

// Sizes of buffers are from 4 KiB to 4 MiB, with a step of a quarter from each power
// of two to the next, so that little of one is wasted: 4, 5, 6, 7, 8, 10, 12 KiB and
// so on. Larger ones are left to the garbage collector.
const (
	smallestBuffer = 4 << 10
	doublings      = 10
	stepsEach      = 4 // of a doubling
	bufferClasses  = doublings*stepsEach + 1
)

var bufferPools [bufferClasses]sync.Pool

// bufferClass returns the class of the smallest buffers that hold size bytes, and
// how many they hold; the class is bufferClasses or more if there are none.
func bufferClass(size int) (class, holds int) {
	if size <= smallestBuffer {
		return 0, smallestBuffer
	}
	doubled := bits.Len(uint(size-1)) - bits.Len(uint(smallestBuffer)) // from the power of two below size on
	least := smallestBuffer << doubled
	step := least / stepsEach
	n := (size - least + step - 1) / step
	return doubled*stepsEach + n, least + n*step
}

// borrowBuffer returns an empty buffer with room for size bytes or more.
func borrowBuffer(size int) *buffer {
	class, holds := bufferClass(size)
	if class >= bufferClasses {
		return &buffer{b: make([]byte, 0, size)}
	}
	if b, ok := bufferPools[class].Get().(*buffer); ok {
		return b
	}
	return &buffer{b: make([]byte, 0, holds)}
}

// giveBack ends the use of a buffer and of every slice of it, except by those who
// hold it because it was lent.
func (b *buffer) giveBack() {
	b.empty()
	if b.isLent {
		b.isLent = false
		b.memory.Release()
		return
	}
	b.recycle()
}

// recycle is the end of a buffer that nobody holds.
func (b *buffer) recycle() {
	spoil(b.b)
	class, holds := bufferClass(cap(b.b))
	if class < bufferClasses && cap(b.b) == holds {
		b.b = b.b[:0]
		bufferPools[class].Put(b)
	}
}

// lend has others hold what is in the buffer, beside its owner.
func (b *buffer) lend() *codec.Memory {
	if b.isLent {
		return &b.memory
	}
	if b.again == nil {
		b.again = b.recycle
	}
	b.isLent = true
	b.memory.Lend(cap(b.b), b.again)
	return &b.memory
}

// own tells whether nobody but the owner holds what is in the buffer: it may be
// written over then.
func (b *buffer) own() bool {
	if b.isLent && b.memory.Reclaim() {
		b.isLent = false
	}
	return !b.isLent
}

// size returns how many bytes of memory a buffer is, with that of its inserts, 0
// where there is none.
func (b *buffer) size() int64 {
	if b == nil {
		return 0
	}
	return int64(cap(b.b) + b.holds)
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
	next.moveTo(b)
	b.b = append(b.b, next.b...)
	next.giveBack()
	return b
}

// orNew returns b, or where there is none the first buffer for what is sent.
func (b *buffer) orNew(size int) *buffer {
	if b == nil {
		return borrowBuffer(max(size, firstPending))
	}
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
	b.moveTo(larger)
	larger.b = append(larger.b, b.b...)
	b.giveBack()
	return larger
}
