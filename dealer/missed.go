package dealer

// NoPool is the pool of a call that has come to none.
const NoPool PoolID = -1

// Outcome is how a call ends that is refused for this reason.
func (r Reason) Outcome() Outcome { return outcomeOf(r) }

// Missed is a new call that was answered before it came to its pool: nobody could be
// given it, whoever has room.
type Missed struct {
	Key     string // of its pool; "": of none that is known
	Origin  OriginID
	Request uint64 // as the origin knows it
	Bytes   int    // of its message
	Outcome Outcome
	Parts   bool // further parts of it are to come: they mean nothing
}

// Miss takes note of such a call: it was received, and has ended. There is nothing to
// do about it.
func (d *Dealer) Miss(now Time, in Missed) []Action {
	d.begin(now)
	o := d.origin(in.Origin)
	if in.Parts {
		o.ended.add(in.Request)
	}
	if in.Key == "" {
		return d.actions
	}
	t := d.tallyBy(in.Key)
	t.receive(o.kind)
	t.Ended[in.Outcome]++
	if d.tells(in.Outcome) {
		d.ends = append(d.ends, End{
			Pool: NoPool, Key: in.Key, Origin: in.Origin, Request: in.Request, Direct: o.kind == LocalOrigin, Peer: o.kind == PeerOrigin,
			Arrived: d.now, Bytes: in.Bytes, Outcome: in.Outcome,
		})
	}
	return d.actions
}
