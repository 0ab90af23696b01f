package codec

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Major types of CBOR (RFC 8949, section 3.1).
const (
	cborUint  = 0
	cborNeg   = 1
	cborBytes = 2
	cborText  = 3
	cborList  = 4
	cborDict  = 5
	cborTag   = 6
	cborOther = 7

	cborBreak = 0xff
)

func (c *cursor) cborKind() kind {
	if c.pos >= len(c.buf) {
		return kindNone
	}
	b := c.buf[c.pos]
	switch b >> 5 {
	case cborUint, cborNeg:
		return kindInt
	case cborBytes:
		return kindBinary
	case cborText:
		return kindString
	case cborList:
		return kindList
	case cborDict:
		return kindDict
	case cborTag:
		return kindOther
	}
	switch b {
	case 0xf4, 0xf5:
		return kindBool
	case 0xf6:
		return kindNull
	case 0xf9, 0xfa, 0xfb:
		return kindFloat
	case cborBreak:
		return kindNone
	}
	return kindOther
}

// cborHead reads an initial byte and its argument. indefinite is true for a
// length that is not given.
func (c *cursor) cborHead() (major byte, argument uint64, indefinite, ok bool) {
	if c.pos >= len(c.buf) {
		return 0, 0, false, c.fail(endsEarly)
	}
	b := c.buf[c.pos]
	c.pos++
	major = b >> 5
	switch low := b & 0x1f; {
	case low < 24:
		return major, uint64(low), false, true
	case low <= 27:
		n, ok := c.bigEndian(1 << (low - 24))
		return major, n, false, ok
	case low == 31 && major >= cborBytes && major <= cborDict:
		return major, 0, true, true
	}
	return major, 0, false, c.fail(notWellForm)
}

func (c *cursor) cborContainer(want byte, why string) (int, bool) {
	if c.pos < len(c.buf) {
		b := c.buf[c.pos]
		if b>>5 != want {
			return 0, c.fail(why)
		}
		if n := int(b & 0x1f); n < 24 && n < len(c.buf)-c.pos { // mostly
			c.pos++
			return n, true
		}
	}
	_, n, indefinite, ok := c.cborHead()
	switch {
	case !ok:
		return 0, false
	case indefinite:
		return open, true
	case n > uint64(len(c.buf)-c.pos): //nolint:gosec // pos is within buf
		return 0, c.fail(endsEarly)
	}
	return int(n), true //nolint:gosec // no more than buf has, by the case above
}

// cborString reads the text or byte string that comes next, in one piece or in
// chunks.
func (c *cursor) cborString() ([]byte, bool) {
	want, n, indefinite, ok := c.cborHead()
	if !ok {
		return nil, false
	}
	if !indefinite {
		if n > uint64(len(c.buf)-c.pos) { //nolint:gosec // pos is within buf
			return nil, c.fail(endsEarly)
		}
		return c.take(int(n)) //nolint:gosec // no more than buf has
	}
	var whole []byte
	for {
		if c.pos >= len(c.buf) {
			return nil, c.fail(endsEarly)
		}
		if c.buf[c.pos] == cborBreak {
			c.pos++
			return whole, true
		}
		major, n, indefinite, ok := c.cborHead()
		if !ok || major != want || indefinite || n > uint64(len(c.buf)-c.pos) { //nolint:gosec // pos is within buf
			return nil, c.fail(notWellForm)
		}
		chunk, _ := c.take(int(n))                  //nolint:gosec // no more than buf has
		if want == cborText && !utf8.Valid(chunk) { // each chunk is text by itself
			return nil, c.fail(notUTF8)
		}
		whole = append(whole, chunk...)
	}
}

func (c *cursor) cborNumber() (number, bool) {
	if k := c.cborKind(); k != kindInt && k != kindFloat {
		return number{}, c.fail("not a number")
	}
	b := c.buf[c.pos]
	major, n, _, ok := c.cborHead()
	if !ok {
		return number{}, false
	}
	switch major {
	case cborUint:
		return number{integer: n}, true
	case cborNeg:
		if n > math.MaxInt64 {
			return number{}, c.fail(beyond64Bit)
		}
		return number{negative: true, integer: n + 1}, true
	}
	f := number{isFloat: true}
	switch b {
	case 0xf9:
		f.float = halfFloat(uint16(n)) //nolint:gosec // the head has 2 bytes
	case 0xfa:
		f.float = float64(math.Float32frombits(uint32(n))) //nolint:gosec // the head has 4 bytes
	default:
		f.float = math.Float64frombits(n)
	}
	return f, true
}

// halfFloat widens a float of 16 bits (RFC 8949, appendix D).
func halfFloat(bits uint16) float64 {
	exponent, mantissa := int(bits>>10&0x1f), float64(bits&0x3ff)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(mantissa, -24)
	case 31:
		if f = math.Inf(1); mantissa != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(mantissa+1024, exponent-25)
	}
	if bits&0x8000 != 0 {
		f = -f
	}
	return f
}

func (c *cursor) cborSkipScalar(depth int) bool {
	if c.buf[c.pos]>>5 == cborBytes {
		_, ok := c.cborString()
		return ok
	}
	first := c.buf[c.pos]
	foreign := c.cborKind() == kindOther && !c.undefined()
	major, n, _, ok := c.cborHead()
	if !ok {
		return false
	}
	switch c.rules {
	case portable:
		switch {
		case foreign:
			return c.fail("tag or simple value")
		case major == cborNeg && n > math.MaxInt64:
			return c.fail(beyond64Bit)
		}
	case careful:
		c.foreign = c.foreign || first == 0xf7 || foreign || major == cborNeg && n > math.MaxInt64
	}
	switch major {
	case cborTag:
		return c.cborSkipTagged(n, depth)
	case cborOther:
		if first == 0xf8 && n < 32 { // RFC 8949, section 3.3
			return c.fail(notWellForm)
		}
	}
	return true
}

// cborSkipTagged passes over what a tag stands before.
func (c *cursor) cborSkipTagged(tag uint64, depth int) bool {
	if depth >= MaxDepth {
		return c.fail(tooDeep)
	}
	begin := c.pos
	if !c.skip(depth + 1) {
		return false
	}
	if c.rules != careful {
		return true
	}
	content := cursor{s: CBOR, buf: c.buf[:c.pos], pos: begin}
	if !content.fitsTag(tag) {
		return c.fail("tag " + strconv.FormatUint(tag, 10) + " before what it does not stand for, or refers to other parts of the message")
	}
	return true
}
