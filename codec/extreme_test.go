package codec_test

import (
	"encoding/binary"
	"math"
	"strconv"
	"testing"

	"github.com/wampool/wampool/codec"
)

// extremes are numbers at whose edges sums and conversions go wrong: those of
// IDs, of each width of a head, of int on narrow machines and of slices.
var extremes = []uint64{
	0, 1, 23, 24, 127, 128, 255, 256, math.MaxInt16, math.MaxUint16, math.MaxUint16 + 1, 1<<24 - 1, 1 << 24,
	math.MaxInt32 - 1, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32 - 1, math.MaxUint32, math.MaxUint32 + 1,
	codec.MaxID - 1, codec.MaxID, codec.MaxID + 1, math.MaxInt64 - 8, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 8, math.MaxUint64,
}

// What an element of a message is, beside an extreme number.
const (
	positive = iota
	negative
	textOf // so many bytes, which are not there
	bytesOf
	listOf
	dictOf
	emptyDict
	emptyList
	word
	elementKinds
)

// FuzzExtremes builds messages of extreme numbers: as type, as IDs, in options,
// and as the lengths of what does not follow.
func FuzzExtremes(f *testing.F) {
	for _, s := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
		for i := range extremes {
			n := byte(i)
			for _, t := range []byte{1, 8, 16, 32, 36, 48, 49, 50, 64, 65, 66, 68, 69, 70} {
				f.Add(byte(s), t, []byte{positive, n, emptyDict, 0, word, 0, emptyList, 0, emptyDict, 0})
				f.Add(byte(s), t, []byte{positive, 1, positive, n, emptyDict, 0, listOf, n})
				f.Add(byte(s), t, []byte{positive, 1, emptyDict, 0, textOf, n, negative, n})
				f.Add(byte(s), t, []byte{positive, 1, positive, 1, dictOf, n, bytesOf, n})
			}
		}
	}
	f.Fuzz(func(t *testing.T, which, messageType byte, elements []byte) {
		s := codec.Serializer(which%3) + codec.JSON
		raw := extremeMessage(s, messageType, elements)
		checkDecoding(t, s, raw)
		p := codec.NewPayload(s, raw, nil)
		for _, to := range []codec.Serializer{codec.JSON, codec.MessagePack, codec.CBOR} {
			if there, _, err := codec.TranscodePayload(nil, p, s, to); err == nil && there.Validate(to) != nil {
				t.Errorf("%q to %s is not valid there", raw, to)
			}
		}
	})
}

// extremeMessage is a list of a message type and of elements: a kind and the
// place of a number for each.
func extremeMessage(s codec.Serializer, messageType byte, elements []byte) []byte {
	const most = 15
	elements = elements[:min(len(elements)/2, most)*2]
	var raw []byte
	switch s {
	case codec.JSON:
		raw = strconv.AppendUint([]byte("["), uint64(messageType), 10)
	case codec.MessagePack:
		raw = []byte{0x90 | byte(1+len(elements)/2), 0xcc, messageType}
	case codec.CBOR:
		raw = []byte{0x80 | byte(1+len(elements)/2), 0x18, messageType}
	}
	for ; len(elements) > 0; elements = elements[2:] {
		kind, n := elements[0]%elementKinds, extremes[int(elements[1])%len(extremes)]
		switch s {
		case codec.JSON:
			raw = appendJSONElement(append(raw, ','), kind, n)
		case codec.MessagePack:
			raw = appendMessagePackElement(raw, kind, n)
		case codec.CBOR:
			raw = appendCBORElement(raw, kind, n)
		}
	}
	if s == codec.JSON {
		raw = append(raw, ']')
	}
	return raw
}

func appendJSONElement(raw []byte, kind byte, n uint64) []byte {
	number := strconv.FormatUint(n, 10)
	switch kind {
	case positive:
		return append(raw, number...)
	case negative:
		return append(append(raw, '-'), number...)
	case textOf: // there is no length, but numbers of any
		return append(append(raw, number...), "e"+number...)
	case bytesOf:
		return append(append(raw, `"\u0000`...), number+`"`...)
	case listOf:
		return append(append(raw, '['), number+"]"...)
	case dictOf:
		return append(append(raw, `{"timeout":`...), number+`,"concurrency":`+number+"}"...)
	case emptyDict:
		return append(raw, "{}"...)
	case emptyList:
		return append(raw, "[]"...)
	default:
		return append(raw, `"a.b"`...)
	}
}

func appendMessagePackElement(raw []byte, kind byte, n uint64) []byte {
	short := uint32(min(n, math.MaxUint32))
	switch kind {
	case positive:
		return binary.BigEndian.AppendUint64(append(raw, 0xcf), n)
	case negative:
		return binary.BigEndian.AppendUint64(append(raw, 0xd3), -n)
	case textOf:
		return binary.BigEndian.AppendUint32(append(raw, 0xdb), short)
	case bytesOf:
		return binary.BigEndian.AppendUint32(append(raw, 0xc6), short)
	case listOf:
		return binary.BigEndian.AppendUint32(append(raw, 0xdd), short)
	case dictOf:
		return binary.BigEndian.AppendUint32(append(raw, 0xdf), short)
	case emptyDict:
		return append(raw, 0x80)
	case emptyList:
		return append(raw, 0x90)
	default:
		return append(raw, "\xa3a.b"...)
	}
}

func appendCBORElement(raw []byte, kind byte, n uint64) []byte {
	const longHead = 27
	majors := map[byte]byte{positive: 0, negative: 1, bytesOf: 2, textOf: 3, listOf: 4, dictOf: 5}
	switch kind {
	case emptyDict:
		return append(raw, 0xa0)
	case emptyList:
		return append(raw, 0x80)
	case word:
		return append(raw, "\x63a.b"...)
	default:
		return binary.BigEndian.AppendUint64(append(raw, majors[kind]<<5|longHead), n)
	}
}
