package transport

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net"

	"github.com/wampool/wampool/codec"
)

// The handshake of RawSocket is four octets each way: a magic one, one of which
// half is the longest message that the sender takes and half the serializer,
// and two that are reserved. A refusal has 0 for the serializer, and the error
// in the other half ("RawSocket Transport", #name-rawsocket-transport).
const (
	rawMagic      = 0x7f
	rawMinLength  = 9 // exponent of the shortest limit
	rawMaxLength  = 24
	rawHandshakes = 4 // octets
)

// RawSocketError is the reason for which a RawSocket handshake is refused.
type RawSocketError uint8

// The errors of a RawSocket handshake.
const (
	RawSocketSerializer  RawSocketError = iota + 1 // it is not spoken here
	RawSocketLength                                // the limit of messages is not accepted
	RawSocketReserved                              // reserved bits are set
	RawSocketConnections                           // no connection can be taken
)

func (e RawSocketError) Error() string {
	switch e {
	case RawSocketSerializer:
		return "serializer unsupported (error 1)"
	case RawSocketLength:
		return "maximum message length unacceptable (error 2)"
	case RawSocketReserved:
		return "use of reserved bits (error 3)"
	case RawSocketConnections:
		return "maximum connection count reached (error 4)"
	}
	return fmt.Sprintf("error %d", uint8(e))
}

// rawLimit returns the limit that is announced for messages of up to most
// bytes: the smallest power of two that holds them, as far as the format goes.
func rawLimit(most int64) int {
	exponent := bits.Len64(uint64(max(1, most) - 1)) //nolint:gosec // not negative
	return 1 << min(max(exponent, rawMinLength), rawMaxLength)
}

// rawHello is what a handshake says.
type rawHello struct {
	limit      int // a power of two
	serializer codec.Serializer
}

func (h rawHello) octets() []byte {
	exponent := bits.Len(uint(h.limit)) - 1
	return []byte{rawMagic, byte(exponent-rawMinLength)<<4 | byte(h.serializer), 0, 0} //nolint:gosec // 0 to 15
}

// maxSend returns the longest message to send to who announces this limit, as
// longer ones must not be sent ("RawSocket Transport", #name-rawsocket-transport). One
// of 2^24 bytes is not sent: not all peers know the bit that it takes.
func (h rawHello) maxSend() int { return min(h.limit, rawLongestOut) }

func (e RawSocketError) octets() []byte { return []byte{rawMagic, byte(e) << 4, 0, 0} }

var errNotRawSocket = errors.New("it does not speak RawSocket")

// readRawHello takes a client's handshake, or why it is refused: a
// RawSocketError where the client is to be told.
func readRawHello(from net.Conn) (rawHello, error) {
	var octets [rawHandshakes]byte
	if _, err := io.ReadFull(from, octets[:1]); err != nil {
		return rawHello{}, err
	}
	// "If the first octet differs from 0x7F, it is not a WAMP-over-RawSocket request."
	if octets[0] != rawMagic { // an HTTP client, for one, may not send three more
		return rawHello{}, errNotRawSocket
	}
	if _, err := io.ReadFull(from, octets[1:]); err != nil {
		return rawHello{}, err
	}
	hello := rawHello{1 << (rawMinLength + octets[1]>>4), codec.Serializer(octets[1] & 0xf)}
	switch {
	case octets[2] != 0 || octets[3] != 0: // "reserved and MUST be all zeros for now"
		return hello, RawSocketReserved
	case hello.serializer < codec.JSON || hello.serializer > codec.CBOR:
		return hello, RawSocketSerializer
	}
	return hello, nil
}

// readRawAnswer takes a router's answer to our handshake.
func readRawAnswer(from net.Conn, s codec.Serializer) (rawHello, error) {
	var octets [rawHandshakes]byte
	if _, err := io.ReadFull(from, octets[:]); err != nil {
		return rawHello{}, err
	}
	hello := rawHello{1 << (rawMinLength + octets[1]>>4), codec.Serializer(octets[1] & 0xf)}
	switch {
	case octets[0] != rawMagic:
		return hello, &foreignError{"RawSocket", octets[0]}
	case hello.serializer == 0 && octets[1] != 0: // the lower bits tell an error from an answer
		return hello, RawSocketError(octets[1] >> 4)
	case octets[2] != 0 || octets[3] != 0:
		return hello, errors.New("it has set reserved bits in its handshake")
	case hello.serializer != s: // "the Router MUST echo the serializer"
		return hello, fmt.Errorf("it answers with another serializer than %s", s)
	}
	return hello, nil
}
