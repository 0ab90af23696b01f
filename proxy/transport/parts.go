package transport

import "github.com/wampool/wampool/codec"

// Parts is a message in the pieces that it is made of, so that nobody has to join
// them: a head that was written anew, and a payload as it came.
type Parts struct {
	Head    []byte // what stands before the payload, or all of the message
	Payload []byte
	Tail    string // what stands behind it

	// Memory is what Payload lies in, if that may be held until it is written; nil: it
	// is copied. So is a short one, for which a copy costs less.
	Memory *codec.Memory

	// Given means that nobody looks at Payload any more, so that it may be written
	// over: by the mask of what a client sends (RFC 6455, 5.3). Who sends it must be
	// the one who holds Memory, and the only one.
	Given bool
}

// leastLent is the shortest payload that is held where it lies until it is written.
const leastLent = 16 << 10

// Len returns how long the message is, in bytes.
func (p *Parts) Len() int { return len(p.Head) + len(p.Payload) + len(p.Tail) }

// isLent tells whether the payload is held where it lies, on a connection that masks
// what it sends or does not.
func (p *Parts) isLent(masked bool) bool {
	return p.Memory != nil && len(p.Payload) >= leastLent && (p.Given || !masked)
}
