package proxy

import (
	"bytes"
	"errors"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/spans"
	"github.com/wampool/wampool/proxy/transport"
)

// message is a message as its reader has read it: once, before any lock. What
// anybody decides by is in it, so that under a lock nothing is decoded, validated
// or walked. What is not decoded, since nobody would decide by it, is nil.
type message struct {
	codec.Head               // of which Type is 0 if there is none: the other side judges
	raw        []byte        // all of it
	kept       bool          // it outlives its reader's next one
	memory     *codec.Memory // what raw lies in, if that can be held; nil: who keeps it copies it

	// By Type, of a client.
	yield        *codec.Yield
	failure      *codec.Error // ERROR, of the router too
	call         *codec.Call
	register     *codec.Register
	registration uint64           // that an UNREGISTER names
	mode         codec.CancelMode // of a CANCEL
	acknowledged bool             // a PUBLISH asks for an answer
	asks         uint64           // whose callees a CALL asks the router for: a registration; 0: nobody's

	// By Type, of the router.
	invocation   *codec.Invocation
	interrupt    *codec.Interrupt
	result       *codec.Result
	registered   codec.Registered
	unregistered codec.Unregistered

	parent spans.Parent // what a call was made in, if that is asked for

	amended *amendment // what a RESULT becomes; nil: it passes, or has passed

	wrong   error // why it can't be decoded, if it can't
	harm    error // what in it breaks the protocol, where others depend on it
	unfit   error // why its payload can't be passed on; its head is sound
	checked bool  // it was validated to its end
}

// scratch is what one reader decodes messages into, one after the other.
type scratch struct {
	yield      codec.Yield
	failure    codec.Error
	call       codec.Call
	invocation codec.Invocation
	interrupt  codec.Interrupt
	result     codec.Result
}

// inbox is one reader's: the message at hand, and what it is decoded into, once
// anything is.
type inbox struct {
	message
	scratch *scratch
}

// keptAsCopy is the longest call that is kept as a copy. A longer one is kept in the
// memory that it was received in, or moved to memory of its own without a lock.
const keptAsCopy = 4 << 10

// own sees to it that a call can be kept, in case it has to wait or to be handed on,
// without a long copy under a lock. It is for a message that from has just brought, of
// which no more than the head is read.
func (m *message) own(from *transport.Conn) {
	if len(m.raw) > keptAsCopy && !m.kept {
		m.raw, m.memory = from.Keep(m.raw)
		m.Head = m.On(m.raw)
	}
}

// read reads a message's head.
func (in *inbox) read(s codec.Serializer, raw []byte) (*message, error) {
	in.message = message{}
	in.raw = raw
	err := in.Read(s, raw)
	if err != nil {
		in.Type = 0
	}
	return &in.message, err
}

// room returns what a message is decoded into.
func (in *inbox) room() *scratch {
	if in.scratch == nil {
		in.scratch = new(scratch)
	}
	return in.scratch
}

// keep returns the message as one that outlives the reader's next one. Nothing of
// it may be decoded yet.
func (in *inbox) keep() *message {
	m := &message{raw: bytes.Clone(in.raw), kept: true}
	m.Head = in.On(m.raw)
	return m
}

// check notes what a look at all of the message has found: what breaks the
// protocol does harm; what its payload alone has wrong is its own call's affair.
func (m *message) check(found error) {
	m.checked = true
	switch {
	case found == nil:
	case errors.As(found, new(*codec.ContentError)):
		m.unfit = found
	default:
		m.harm = found
	}
}

// isFinal tells whether an answer is the last one of its request.
func (m *message) isFinal() bool {
	switch {
	case m.Type == codec.TypeError:
		return m.RequestType != codec.TypeCancel
	case m.result != nil:
		return !m.result.Progress
	case m.Type == codec.TypeResult:
		return !m.IsPart()
	}
	return true
}
