package codec

import "sync/atomic"

// Memory is what one message lies in, for those who hold on to it together: its
// reader, and whoever keeps a part of it after the reader has gone on to the next
// one. It is used again when the last of them has let go, and not before:
//
//	owner       Lend ──────────────────────────▶ Release
//	holder           └─▶ Hold ─▶ Release  (on any goroutine)
//	                                      the last Release ─▶ the owner's free
//
// Who has not called Lend or Hold must not look at the message. A holder that is
// forgotten without a Release costs only that the memory is not used again.
type Memory struct {
	holders atomic.Int32
	size    int
	free    func()
}

// Lend begins a time in which others may hold the memory, which is of so many
// bytes. Its owner is the first to hold it. The last one to let go calls free,
// which is the same each time.
func (m *Memory) Lend(size int, free func()) {
	if !m.holders.CompareAndSwap(0, 1) {
		panic("codec: memory that is lent must be nobody else's")
	}
	m.size, m.free = size, free
}

// Size returns how many bytes it takes.
func (m *Memory) Size() int { return m.size }

// Hold has one more hold the memory. Only one who holds it may ask for that.
func (m *Memory) Hold() {
	if m.holders.Add(1) < 2 {
		panic("codec: memory must be held by somebody before another one holds it")
	}
}

// Release lets go of the memory, once for each Lend and Hold.
func (m *Memory) Release() {
	switch n := m.holders.Add(-1); {
	case n == 0:
		m.free()
	case n < 0:
		panic("codec: memory must be released only by who holds it")
	}
}

// Reclaim ends the time of Lend for an owner that nobody else holds the memory
// with: it is true then, and free is not called.
func (m *Memory) Reclaim() bool { return m.holders.CompareAndSwap(1, 0) }
