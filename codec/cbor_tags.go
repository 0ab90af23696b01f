package codec

import (
	"bytes"
	"math"
	"time"
)

// Tags that libraries take for values of their own, with what must stand behind
// them (RFC 8949, section 3.4; the IANA registry of tags). Python's fails on
// anything else, and Crossbar.io ends the session that sends it. Tags that are
// not here may stand before anything.
const (
	tagDateTime     = 0
	tagEpochTime    = 1
	tagBignum       = 2
	tagNegBignum    = 3
	tagDecimal      = 4
	tagBigfloat     = 5
	tagStringRef    = 25
	tagSharedRef    = 29
	tagRational     = 30
	tagRegexp       = 35
	tagMIME         = 36
	tagUUID         = 37
	tagIPv4         = 52
	tagIPv6         = 54
	tagEpochDate    = 100
	tagSet          = 258
	tagAddress      = 260
	tagAddressRange = 261
	tagDate         = 1004
	tagComplex      = 43000
)

const (
	firstSecond, lastSecond = -62135596800, 253402300799 // of the years 1 to 9999
	firstDay, lastDay       = -719162, 2932896
	maxDecimalExponent      = 1e9
	maxBigfloatExponent     = 1e5
	maxMantissaBytes        = 1024 // of what is calculated with when it is read
)

// fitsTag tells whether the value at the cursor, which is well formed to the end
// of the bytes, is what the tag stands for. A reference to another part of the
// message is not, for that is not passed on as it was; a regular expression
// is not, for nobody knows whose it is.
func (c *cursor) fitsTag(tag uint64) bool {
	switch tag {
	case tagDateTime:
		return c.fitsTime(time.RFC3339)
	case tagDate:
		return c.fitsTime(time.DateOnly)
	case tagEpochTime:
		n, ok := c.num()
		seconds := n.asFloat()
		return ok && seconds >= firstSecond && seconds <= lastSecond
	case tagEpochDate:
		n, ok := c.num()
		days := n.asFloat()
		return ok && !n.isFloat && days >= firstDay && days <= lastDay
	case tagBignum, tagNegBignum:
		return c.kind() == kindBinary
	case tagDecimal:
		return c.fitsExponent(maxDecimalExponent, math.MaxInt)
	case tagBigfloat:
		return c.fitsExponent(maxBigfloatExponent, maxMantissaBytes)
	case tagStringRef, tagSharedRef, tagRegexp:
		return false
	case tagRational:
		if !c.pair() || !c.fitsInteger(maxMantissaBytes) {
			return false
		}
		zero := c.isZero()
		return c.fitsInteger(maxMantissaBytes) && !zero
	case tagMIME:
		return c.kind() == kindString
	case tagUUID:
		return c.binaryOf(16)
	case tagIPv4:
		return c.fitsAddress(4)
	case tagIPv6:
		return c.fitsAddress(16)
	case tagSet:
		return c.kind() == kindList
	case tagAddress:
		start := *c
		return c.binaryOf(4) || start.oneOf(6, 16)
	case tagAddressRange:
		return c.fitsAddressRange()
	case tagComplex:
		return c.pair() && c.skipNumber() && c.skipNumber()
	}
	return true
}

func (n number) asFloat() float64 {
	switch {
	case n.isFloat:
		return n.float // NaN fits no bounds
	case n.negative:
		return -float64(n.integer)
	}
	return float64(n.integer)
}

// fitsTime checks a date of the years 1 to 9999 as text.
func (c *cursor) fitsTime(layout string) bool {
	if c.kind() != kindString {
		return false
	}
	text, _ := c.str()
	// Go takes a comma for a point, and an hour of one digit.
	if bytes.IndexByte(text, ',') >= 0 || layout == time.RFC3339 && (len(text) < 20 || text[13] != ':') {
		return false
	}
	t, err := time.Parse(layout, string(text))
	_, offset := t.Zone()
	const day = 24 * 60 * 60
	return err == nil && t.Year() >= 1 && t.Year() <= 9999 && offset > -day && offset < day
}

// pair enters a list of two, whose length is given.
func (c *cursor) pair() bool {
	if c.kind() != kindList {
		return false
	}
	k, ok := c.list()
	return ok && k.left == 2
}

// fitsExponent checks a list of an exponent and a mantissa.
func (c *cursor) fitsExponent(most float64, mantissa int) bool {
	if !c.pair() || c.kind() != kindInt {
		return false
	}
	n, ok := c.num()
	return ok && math.Abs(n.asFloat()) <= most && c.fitsInteger(mantissa)
}

// fitsInteger passes over an integer, which may be a big one of so many bytes.
func (c *cursor) fitsInteger(most int) bool {
	if c.kind() == kindOther {
		major, tag, _, _ := c.cborHead()
		if major != cborTag || tag != tagBignum && tag != tagNegBignum {
			return false
		}
		data, ok := c.cborString()
		return ok && len(data) <= most
	}
	return c.kind() == kindInt && c.skip(0)
}

// isZero tells whether the integer at the cursor is 0.
func (c *cursor) isZero() bool {
	at := *c
	if at.kind() != kindOther {
		n, ok := at.num()
		return ok && !n.negative && n.integer == 0
	}
	major, tag, _, _ := at.cborHead()
	if major != cborTag || tag != tagBignum {
		return false
	}
	data, _ := at.cborString()
	for _, b := range data {
		if b != 0 {
			return false
		}
	}
	return true
}

func (c *cursor) skipNumber() bool {
	k := c.kind()
	return (k == kindInt || k == kindFloat) && c.skip(0)
}

func (c *cursor) binaryOf(n int) bool { return c.oneOf(n, n) }

// oneOf tells whether binary data of one of two lengths comes next.
func (c *cursor) oneOf(a, b int) bool {
	if c.kind() != kindBinary {
		return false
	}
	data, ok := c.cborString()
	return ok && (len(data) == a || len(data) == b)
}

// fitsAddress checks an IP address of so many bytes, a network, or an address in
// its network (RFC 9164).
func (c *cursor) fitsAddress(size int) bool {
	if c.kind() == kindBinary {
		return c.binaryOf(size)
	}
	if !c.pair() {
		return false
	}
	if c.kind() == kindBinary { // an address, and the length of its network's prefix
		data, ok := c.cborString()
		return ok && len(data) == size && c.fitsPrefix(size)
	}
	n, ok := c.prefix(size)
	if !ok || c.kind() != kindBinary {
		return false
	}
	data, ok := c.cborString()
	if !ok || len(data) > size {
		return false
	}
	for i, b := range data { // nothing behind the prefix
		if kept := max(min(n-8*i, 8), 0); b&(0xff>>kept) != 0 {
			return false
		}
	}
	return true
}

func (c *cursor) prefix(size int) (int, bool) {
	if c.kind() != kindInt {
		return 0, false
	}
	n, ok := c.num()
	return int(n.integer), ok && !n.negative && n.integer <= uint64(8*size) //nolint:gosec // wrong only beside false
}

func (c *cursor) fitsPrefix(size int) bool {
	_, ok := c.prefix(size)
	return ok
}

// fitsAddressRange checks a dictionary of one address and the length of a prefix.
func (c *cursor) fitsAddressRange() bool {
	if c.kind() != kindDict {
		return false
	}
	k, ok := c.dict()
	if !ok || k.left != 1 || c.kind() != kindBinary {
		return false
	}
	data, ok := c.cborString()
	return ok && (len(data) == 4 || len(data) == 16) && c.fitsPrefix(len(data))
}
