package proxy

import "sync/atomic"

// concerns are what of a session may concern its realm beside itself: one word, by
// which both readers tell without the realm's lock which messages pass as they are.
// It follows what it tells of in the same step, under realm.mu. Who reads it without
// the lock may be late for what another reader does; so what matters to the client's
// messages is set by its own reader, or before the client can know.
type concerns struct{ word atomic.Uint32 }

// concern is one of them.
type concern uint32

const (
	ofCallee    concern = 1 << iota // the session is a callee of pools, or was: INVOCATIONs and their answers
	ofRegisters                     // REGISTERs are pending: what the client sends, and the answers to these
	ofNumbers                       // request IDs may differ at the router: all requests and their answers
	ofMeta                          // a call was made whose RESULT is amended: RESULTs and ERRORs
)

func (c *concerns) add(which concern)    { c.word.Or(uint32(which)) }
func (c *concerns) remove(which concern) { c.word.And(^uint32(which)) }

// any tells whether one of these is among them.
func (c *concerns) any(which concern) bool { return c.word.Load()&uint32(which) != 0 }
