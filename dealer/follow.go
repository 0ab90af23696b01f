package dealer

import "time"

// End is a call that has ended: it neither waits nor holds a slot any more.
type End struct {
	Pool    PoolID // NoPool of a call that has never come to it
	Key     string // of the pool
	Origin  OriginID
	Request uint64 // as its origin knows it
	Direct  bool   // it came from a caller here
	Peer    bool   // it came from another sidecar
	Callee  CalleeID
	ID      uint64 // as the callee knows it, 0: none had it when it ended; Callee is who has lost it then, if by CalleeLost
	Arrived Time
	Waited  time.Duration // until it was dispatched last, or ended
	Ran     time.Duration // since then
	Bytes   int           // of its message, and of what followed in parts
	Outcome Outcome
}

// Following says which calls are told of as they end.
type Following uint8

// What is told.
const (
	FollowNone   Following = iota
	FollowFailed           // those that have failed
	FollowAll
)

// Follow tells which calls that end are to be told of ([Dealer.Ends]), from the next
// event on.
func (d *Dealer) Follow(which Following) {
	d.taken()
	d.follows, d.ends = which, nil
	if which != FollowNone {
		d.ends = []End{}
	}
}

// tells tells whether a call is told of that ends so.
func (d *Dealer) tells(outcome Outcome) bool {
	return d.follows == FollowAll || d.follows == FollowFailed && outcome.HasFailed()
}

// Ends returns the calls that have ended in the last event, valid until the next one
// begins; nil while none are to be told of.
func (d *Dealer) Ends() []End { return d.ends }

// tell notes the end of a call in the table.
func (d *Dealer) tell(c *call) {
	e := End{
		Pool: c.pool.id, Key: c.pool.key, Origin: c.origin, Request: c.request, Direct: c.from == LocalOrigin, Peer: c.from == PeerOrigin, Callee: c.last, ID: c.id,
		Arrived: c.arrived, Waited: d.now - c.arrived, Bytes: int(c.size), Outcome: c.outcome,
	}
	if c.id != 0 {
		e.Waited, e.Ran = c.begun-c.arrived, d.now-c.begun
	}
	d.ends = append(d.ends, e)
}

// tellRefused notes one that was refused as it came.
func (d *Dealer) tellRefused(p *pool, in *Call, reason Reason) {
	d.ends = append(d.ends, End{
		Pool: p.id, Key: p.key, Origin: in.Origin, Request: in.Request, Direct: d.origins[in.Origin].kind == LocalOrigin, Peer: d.origins[in.Origin].kind == PeerOrigin,
		Arrived: d.now, Bytes: in.Body.Len(), Outcome: outcomeOf(reason),
	})
}
