package transport

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Opcodes of WebSocket frames (RFC 6455, 5.2).
const (
	opContinuation byte = 0x0
	opText         byte = 0x1
	opBinary       byte = 0x2
	opClose        byte = 0x8
	opPing         byte = 0x9
	opPong         byte = 0xa
)

const (
	finalBit  = 0x80
	reserved  = 0x70
	maskedBit = 0x80

	longestControl = 125 // bytes of a control frame's payload (RFC 6455, 5.5)
	maxFrameHeader = 14
)

// frameHeader is what stands before a frame's payload (RFC 6455, 5.2):
//
//	FIN RSV RSV RSV opcode(4)   MASK length(7)   [length 16 or 64 bit]   [key 32 bit]
type frameHeader struct {
	opcode byte
	final  bool
	masked bool
	key    uint32 // little endian; turned on with each part that is unmasked
	length int64
}

func (f *frameHeader) isControl() bool { return f.opcode >= opClose }

// parse reads a header and returns how long it is, 0 if it has not come whole.
func (f *frameHeader) parse(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, nil
	}
	if b[0]&reserved != 0 {
		return 0, frameFault("frame with reserved bits, of an extension that was not agreed")
	}
	f.opcode, f.final, f.masked = b[0]&0x0f, b[0]&finalBit != 0, b[1]&maskedBit != 0
	n, short := 2, b[1]&^maskedBit
	switch short {
	case 126:
		n = 4
	case 127:
		n = 10
	}
	if f.masked {
		n += 4
	}
	if len(b) < n {
		return 0, nil
	}
	switch f.length = int64(short); short {
	case 126:
		f.length = int64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		length := binary.BigEndian.Uint64(b[2:])
		if length>>63 != 0 {
			return 0, frameFault("frame with a length beyond 63 bit")
		}
		f.length = int64(length)
	}
	if short == 126 && f.length < 126 || short == 127 && f.length <= 0xffff {
		return 0, frameFault(fmt.Sprintf("frame with a length of %d that is not in its shortest form", f.length))
	}
	if f.masked {
		f.key = binary.LittleEndian.Uint32(b[n-4:])
	}
	return n, nil
}

// unmask removes the mask from the next part of the payload.
func (f *frameHeader) unmask(part []byte) {
	if f.masked {
		f.key = mask(part, f.key)
	}
}

// appendFrameHeader appends the header of a frame that is a whole message, or a
// control frame.
func appendFrameHeader(dst []byte, opcode byte, length int, masked bool, key uint32) []byte {
	second := byte(0)
	if masked {
		second = maskedBit
	}
	switch {
	case length <= 125:
		dst = append(dst, opcode|finalBit, second|byte(length)) //nolint:gosec // below 126
	case length <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, opcode|finalBit, second|126), uint16(length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, opcode|finalBit, second|127), uint64(length))
	}
	if masked {
		dst = binary.LittleEndian.AppendUint32(dst, key)
	}
	return dst
}

// mask adds a key to b, or takes it away again (RFC 6455, 5.3). It returns the
// key for what follows.
func mask(b []byte, key uint32) uint32 { return maskTo(b, b, key) }

// keyBlock is how many bytes are masked at a time, and half of what is worth it.
const keyBlock = 512

// maskTo is mask from one place to another, dst, which may be the same.
func maskTo(dst, b []byte, key uint32) uint32 {
	if key == 0 {
		copy(dst, b)
		return 0
	}
	if len(b) >= 2*keyBlock {
		var block [keyBlock]byte
		for i := 0; i < keyBlock; i += 4 {
			binary.LittleEndian.PutUint32(block[i:], key)
		}
		for len(b) >= keyBlock {
			subtle.XORBytes(dst, b[:keyBlock], block[:])
			dst, b = dst[keyBlock:], b[keyBlock:]
		}
	}
	twice := uint64(key)<<32 | uint64(key)
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(b)^twice)
		dst, b = dst[8:], b[8:]
	}
	for i := range b {
		dst[i] = b[i] ^ byte(key) //nolint:gosec // its lowest byte is meant
		key = bits.RotateLeft32(key, -8)
	}
	return key
}

func frameFault(reason string) *ProtocolError { return &ProtocolError{codeProtocolError, reason} }

func tooLarge(limit int64) *ProtocolError {
	return &ProtocolError{codeTooLarge, fmt.Sprintf("message larger than %d bytes, the limit of this connection", limit)}
}

func opcodeName(opcode byte) string {
	if opcode == opBinary {
		return "binary"
	}
	return "text"
}
