package codec

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
)

// Values appended to a message's bytes, each in its shortest form.

func appendUint(dst []byte, s Serializer, n uint64) []byte {
	switch s {
	case JSON:
		return strconv.AppendUint(dst, n, 10)
	case MessagePack:
		switch {
		case n <= 0x7f:
			return append(dst, byte(n))
		case n <= math.MaxUint8:
			return append(dst, 0xcc, byte(n))
		case n <= math.MaxUint16:
			return binary.BigEndian.AppendUint16(append(dst, 0xcd), uint16(n))
		case n <= math.MaxUint32:
			return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(n))
		}
		return binary.BigEndian.AppendUint64(append(dst, 0xcf), n)
	default:
		return appendCBORHead(dst, cborUint, n)
	}
}

// appendNegative appends -n, for n from 1 to 2^63.
func appendNegative(dst []byte, s Serializer, n uint64) []byte {
	switch s {
	case JSON:
		return strconv.AppendUint(append(dst, '-'), n, 10)
	case MessagePack:
		switch {
		case n <= 32:
			return append(dst, byte(-int8(n))) //nolint:gosec // n is up to 32
		case n <= 1<<7:
			return append(dst, 0xd0, byte(-n)) //nolint:gosec // n is up to 2^7
		case n <= 1<<15:
			return binary.BigEndian.AppendUint16(append(dst, 0xd1), uint16(-n)) //nolint:gosec // n is up to 2^15
		case n <= 1<<31:
			return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(-n)) //nolint:gosec // n is up to 2^31
		}
		return binary.BigEndian.AppendUint64(append(dst, 0xd3), -n)
	default:
		return appendCBORHead(dst, cborNeg, n-1)
	}
}

func appendCBORHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

// appendMsgpackHead appends a head of MessagePack whose short form holds
// lengths below short, and whose forms with 8, 16 and 32 bits begin at wide;
// there is none with 8 bits where narrow is false.
func appendMsgpackHead(dst []byte, fix byte, short int, wide byte, narrow bool, n int) []byte {
	switch {
	case n < short:
		return append(dst, fix|byte(n)) //nolint:gosec // n is below short, which fits
	case narrow && n <= math.MaxUint8:
		return append(dst, wide, byte(n)) //nolint:gosec // n is below 2^8
	}
	if narrow {
		wide++
	}
	if n <= math.MaxUint16 {
		return binary.BigEndian.AppendUint16(append(dst, wide), uint16(n)) //nolint:gosec // n is below 2^16
	}
	return binary.BigEndian.AppendUint32(append(dst, wide+1), uint32(n)) //nolint:gosec // no message holds 2^32 of anything
}

func appendString[T string | []byte](dst []byte, s Serializer, text T) []byte {
	switch s {
	case JSON:
		dst = append(dst, '"')
		dst = appendJSONText(dst, text)
		return append(dst, '"')
	case MessagePack:
		return append(appendMsgpackHead(dst, 0xa0, 32, 0xd9, true, len(text)), text...)
	default:
		return append(appendCBORHead(dst, cborText, uint64(len(text))), text...)
	}
}

func appendJSONText[T string | []byte](dst []byte, text T) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < 0x20 || b == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&0x0f])
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// appendBinary appends binary data; in JSON as a string that begins with NUL,
// in Base64 ("Binary support in JSON", #name-binary-support-in-json).
func appendBinary(dst []byte, s Serializer, data []byte) []byte {
	switch s {
	case JSON:
		dst = append(dst, `"\u0000`...)
		dst = base64.StdEncoding.AppendEncode(dst, data)
		return append(dst, '"')
	case MessagePack:
		return append(appendMsgpackHead(dst, 0, 0, 0xc4, true, len(data)), data...)
	default:
		return append(appendCBORHead(dst, cborBytes, uint64(len(data))), data...)
	}
}

func appendBool(dst []byte, s Serializer, b bool) []byte {
	switch s {
	case JSON:
		return strconv.AppendBool(dst, b)
	case MessagePack:
		if b {
			return append(dst, 0xc3)
		}
		return append(dst, 0xc2)
	default:
		if b {
			return append(dst, 0xf5)
		}
		return append(dst, 0xf4)
	}
}

func appendNull(dst []byte, s Serializer) []byte {
	switch s {
	case JSON:
		return append(dst, "null"...)
	case MessagePack:
		return append(dst, 0xc0)
	default:
		return append(dst, 0xf6)
	}
}

// appendFloat appends a float, in JSON such that it can't be taken for an
// integer. JSON has no NaN and no infinities: they must not come here.
func appendFloat(dst []byte, s Serializer, f float64) []byte {
	switch s {
	case JSON:
		begin := len(dst)
		format := byte('f')
		if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
			format = 'e'
		}
		dst = strconv.AppendFloat(dst, f, format, -1, 64)
		for _, b := range dst[begin:] {
			if b == '.' || b == 'e' {
				return dst
			}
		}
		return append(dst, ".0"...)
	case MessagePack:
		return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(f))
	default:
		return binary.BigEndian.AppendUint64(append(dst, 0xfb), math.Float64bits(f))
	}
}

func appendListHead(dst []byte, s Serializer, n int) []byte {
	switch s {
	case JSON:
		return append(dst, '[')
	case MessagePack:
		return appendMsgpackHead(dst, 0x90, 16, 0xdc, false, n)
	default:
		return appendCBORHead(dst, cborList, uint64(n)) //nolint:gosec // a length
	}
}

func appendDictHead(dst []byte, s Serializer, n int) []byte {
	switch s {
	case JSON:
		return append(dst, '{')
	case MessagePack:
		return appendMsgpackHead(dst, 0x80, 16, 0xde, false, n)
	default:
		return appendCBORHead(dst, cborDict, uint64(n)) //nolint:gosec // a length
	}
}

// builder appends one message: its type, its header's elements, its payload.
type builder struct {
	dst []byte
	s   Serializer
}

// begin appends the list's head and the type; elements counts the type and the
// header, payload what is behind them.
func begin(dst []byte, s Serializer, t MessageType, elements int, payload Payload) builder {
	if s != JSON {
		elements += payload.count
	}
	return builder{appendUint(appendListHead(dst, s, elements), s, uint64(t)), s}
}

func (b *builder) comma() {
	if b.s == JSON {
		b.dst = append(b.dst, ',')
	}
}

func (b *builder) id(n uint64) {
	b.comma()
	b.dst = appendUint(b.dst, b.s, n)
}

func (b *builder) dict(d Dict) {
	b.comma()
	b.dst = d.append(b.dst, b.s)
}

// head ends what stands before the payload.
func (b *builder) head(p Payload) []byte {
	if p.count != 0 {
		b.comma()
	}
	return b.dst
}

func (b *builder) end(p Payload) []byte { return append(append(b.head(p), p.raw...), Tail(b.s)...) }

// Tail returns what ends a message behind its payload: see [Invocation.AppendHead].
func Tail(s Serializer) string {
	if s == JSON {
		return "]"
	}
	return ""
}

// text appends a string to the message under construction.
func text[T string | []byte](b *builder, t T) {
	b.comma()
	b.dst = appendString(b.dst, b.s, t)
}
