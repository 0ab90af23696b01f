package codec

import (
	"encoding/binary"
	"math"
)

func (c *cursor) msgpackKind() kind {
	if c.pos >= len(c.buf) {
		return kindNone
	}
	switch b := c.buf[c.pos]; {
	case b <= 0x7f || b >= 0xe0 || b >= 0xcc && b <= 0xd3:
		return kindInt
	case b <= 0x8f || b == 0xde || b == 0xdf:
		return kindDict
	case b <= 0x9f || b == 0xdc || b == 0xdd:
		return kindList
	case b <= 0xbf || b >= 0xd9 && b <= 0xdb:
		return kindString
	case b == 0xc0:
		return kindNull
	case b == 0xc2 || b == 0xc3:
		return kindBool
	case b >= 0xc4 && b <= 0xc6:
		return kindBinary
	case b == 0xca || b == 0xcb:
		return kindFloat
	case b == 0xc1: // never used
		return kindNone
	}
	return kindOther
}

// take returns the next n bytes.
func (c *cursor) take(n int) ([]byte, bool) {
	if n < 0 || n > len(c.buf)-c.pos {
		return nil, c.fail(endsEarly)
	}
	b := c.buf[c.pos : c.pos+n]
	c.pos += n
	return b, true
}

// bigEndian reads an unsigned integer of 1, 2, 4 or 8 bytes.
func (c *cursor) bigEndian(size int) (uint64, bool) {
	b, ok := c.take(size)
	if !ok {
		return 0, false
	}
	switch size {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.BigEndian.Uint16(b)), true
	case 4:
		return uint64(binary.BigEndian.Uint32(b)), true
	}
	return binary.BigEndian.Uint64(b), true
}

// length reads a length and checks that as many bytes can follow at all.
func (c *cursor) length(size int) (int, bool) {
	n, ok := c.bigEndian(size)
	if ok && n > uint64(len(c.buf)-c.pos) { //nolint:gosec // pos is within buf
		return 0, c.fail(endsEarly)
	}
	return int(n), ok //nolint:gosec // no more than buf has
}

// msgpackContainer reads the head of a list or dictionary: fix is its short
// form for up to 15 elements, wide the one with 16 bits, behind which is the
// one with 32.
func (c *cursor) msgpackContainer(fix, wide byte, why string) (int, bool) {
	if c.pos >= len(c.buf) {
		return 0, c.fail(endsEarly)
	}
	switch b := c.buf[c.pos]; {
	case b&0xf0 == fix:
		c.pos++
		return int(b & 0x0f), true
	case b == wide:
		c.pos++
		return c.length(2)
	case b == wide+1:
		c.pos++
		return c.length(4)
	}
	return 0, c.fail(why)
}

func (c *cursor) msgpackString() ([]byte, bool) {
	b := c.buf[c.pos]
	c.pos++
	if b <= 0xbf {
		return c.take(int(b & 0x1f))
	}
	n, ok := c.length(1 << (b - 0xd9))
	if !ok {
		return nil, false
	}
	return c.take(n)
}

func (c *cursor) msgpackBinary() ([]byte, bool) {
	b := c.buf[c.pos]
	c.pos++
	n, ok := c.length(1 << (b - 0xc4))
	if !ok {
		return nil, false
	}
	return c.take(n)
}

func (c *cursor) msgpackNumber() (number, bool) {
	head, ok := c.take(1)
	if !ok {
		return number{}, false
	}
	switch b := head[0]; {
	case b <= 0x7f:
		return number{integer: uint64(b)}, true
	case b >= 0xe0:
		return signed(int64(int8(b))), true //nolint:gosec // its two's complement is meant
	case b >= 0xcc && b <= 0xcf:
		n, ok := c.bigEndian(1 << (b - 0xcc))
		return number{integer: n}, ok
	case b >= 0xd0 && b <= 0xd3:
		size := 1 << (b - 0xd0)
		n, ok := c.bigEndian(size)
		shift := 64 - 8*size
		return signed(int64(n<<shift) >> shift), ok //nolint:gosec // its two's complement is meant
	case b == 0xca:
		n, ok := c.bigEndian(4)
		return number{isFloat: true, float: float64(math.Float32frombits(uint32(n)))}, ok //nolint:gosec // there are 4 bytes of it
	case b == 0xcb:
		n, ok := c.bigEndian(8)
		return number{isFloat: true, float: math.Float64frombits(n)}, ok
	}
	return number{}, c.fail("not a number")
}

func signed(n int64) number {
	if n < 0 {
		return number{negative: true, integer: uint64(-n)} // right for the lowest too
	}
	return number{integer: uint64(n)}
}

func (c *cursor) msgpackSkipScalar() bool {
	switch b := c.buf[c.pos]; {
	case b == 0xc0 || b == 0xc2 || b == 0xc3:
		c.pos++
		return true
	case b >= 0xc4 && b <= 0xc6:
		_, ok := c.msgpackBinary()
		return ok
	case b >= 0xd4 && b <= 0xd8 || b >= 0xc7 && b <= 0xc9:
		return c.msgpackSkipExtension()
	}
	_, ok := c.msgpackNumber()
	return ok
}

func (c *cursor) msgpackSkipExtension() bool {
	undefined := c.undefined()
	b := c.buf[c.pos]
	c.pos++
	n, ok := 1<<(b-0xd4), true // fixext
	if b <= 0xc9 {
		n, ok = c.length(1 << (b - 0xc7))
	}
	if !ok {
		return false
	}
	extension, ok := c.take(1 + n)
	switch {
	case !ok:
		return false
	case c.rules == portable && !undefined:
		return c.fail("extension type")
	case c.rules == careful:
		c.foreign = true
		if code := int8(extension[0]); code < 0 && (code != msgpackTimestamp || !isTimestamp(extension[1:])) { //nolint:gosec // the type of an extension is signed
			return c.fail("extension type that is reserved, or no timestamp though it says so")
		}
	}
	return true
}

// msgpackTimestamp is the one extension type that the specification of
// MessagePack defines. The others below 0 are reserved.
const msgpackTimestamp = -1

// isTimestamp tells whether this is a timestamp in its form of 32, 64 or 96 bits.
func isTimestamp(data []byte) bool {
	const perSecond = 1_000_000_000
	switch len(data) {
	case 4:
		return true
	case 8:
		return binary.BigEndian.Uint64(data)>>34 < perSecond
	case 12:
		return binary.BigEndian.Uint32(data) < perSecond
	}
	return false
}
