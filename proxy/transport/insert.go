package transport

import (
	"math/bits"

	"github.com/wampool/wampool/codec"
)

// insert is memory of somebody else's that stands in a buffer without being copied:
// what is to be written is the buffer's own bytes, with the inserts among them.
//
//	own bytes │ insert │ own bytes │ insert │ own bytes
type insert struct {
	at     int    // of the buffer's own bytes, those that stand before it
	bytes  []byte // that are not taken
	memory *codec.Memory
	key    uint32 // that bytes have yet to be masked with; 0: none
}

// keptInserts is how many places for inserts a buffer keeps that has none.
const keptInserts = 64

// withFrame returns a buffer that has the content of b, which may be nil, and a frame
// behind it, of which the payload is masked with a key: 0 changes nothing.
func (b *buffer) withFrame(header []byte, payload *Parts, key uint32) *buffer {
	lent := payload.isLent(key != 0)
	own := len(header) + payload.Len()
	if lent {
		own -= len(payload.Payload)
	}
	b = b.orNew(own).withRoom(own)
	b.b = append(b.b, header...)
	key = b.appendMasked(payload.Head, key)
	if lent {
		key = b.insert(payload.Payload, payload.Memory, key)
	} else {
		key = b.appendMasked(payload.Payload, key)
	}
	b.appendMasked([]byte(payload.Tail), key)
	return b
}

// appendMasked appends bytes masked with a key, of which 0 changes nothing, and
// returns the key for what follows. There must be room.
func (b *buffer) appendMasked(p []byte, key uint32) uint32 {
	end := len(b.b)
	b.b = b.b[:end+len(p)]
	return maskTo(b.b[end:], p, key)
}

// insert appends bytes that lie in somebody else's memory, which is held until
// they are written. They are masked with the key then: by who writes, who waits for
// nobody. It returns the key for what follows.
func (b *buffer) insert(p []byte, memory *codec.Memory, key uint32) uint32 {
	memory.Hold()
	b.inserts = append(b.inserts, insert{len(b.b), p, memory, key})
	b.inserted += len(p)
	b.holds += memory.Size()
	return bits.RotateLeft32(key, -8*(len(p)%4))
}

// rest returns how many bytes are not taken.
func (b *buffer) rest() int { return len(b.b) - b.at + b.inserted }

// next returns the bytes that come next and lie together, at most so many.
func (b *buffer) next(most int) []byte {
	var room [1][]byte
	if list := b.pieces(room[:0], most); len(list) > 0 {
		return list[0]
	}
	return nil
}

// pieces appends to a list the bytes that come next, at most so many, and as far as
// the list has room for another one of the pieces that they lie in.
func (b *buffer) pieces(list [][]byte, most int) [][]byte {
	at, inserts := b.at, b.inserts[b.passed:]
	for most > 0 && len(list) < cap(list) {
		var p []byte
		switch {
		case len(inserts) == 0:
			p, at = b.b[at:], len(b.b)
		case at < inserts[0].at:
			p, at = b.b[at:inserts[0].at], inserts[0].at
		default:
			p, inserts = inserts[0].masked(), inserts[1:]
		}
		if len(p) == 0 {
			break
		}
		p = p[:min(len(p), most)]
		list, most = append(list, p), most-len(p)
	}
	return list
}

// masked returns the bytes of an insert as they are to be written.
func (i *insert) masked() []byte {
	if i.key != 0 {
		mask(i.bytes, i.key)
		i.key = 0
	}
	return i.bytes
}

// take takes n bytes of those that are next, and lets go of the memory that holds
// none but those.
func (b *buffer) take(n int) {
	for b.passed < len(b.inserts) {
		i := &b.inserts[b.passed]
		own := min(n, i.at-b.at)
		b.at += own
		part := min(n-own, len(i.bytes))
		i.bytes = i.bytes[part:]
		b.inserted -= part
		if n -= own + part; len(i.bytes) > 0 {
			return
		}
		b.pass()
	}
	b.at += n
}

// pass lets go of the next insert.
func (b *buffer) pass() {
	i := &b.inserts[b.passed]
	b.holds -= i.memory.Size()
	b.inserted -= len(i.bytes)
	i.memory.Release()
	*i = insert{}
	b.passed++
}

// empty has a buffer be as new, but for its own bytes.
func (b *buffer) empty() {
	for b.passed < len(b.inserts) {
		b.pass()
	}
	b.at, b.passed = 0, 0
	if b.inserts = b.inserts[:0]; cap(b.inserts) > keptInserts {
		b.inserts = nil
	}
}

// moveTo has the inserts of a buffer stand behind what is in another one, to which
// its own bytes are about to be appended. Nothing of either may be taken.
func (b *buffer) moveTo(other *buffer) {
	for _, i := range b.inserts {
		i.at += len(other.b)
		other.inserts = append(other.inserts, i)
	}
	other.inserted += b.inserted
	other.holds += b.holds
	clear(b.inserts)
	b.inserts, b.inserted, b.holds = b.inserts[:0], 0, 0
}
