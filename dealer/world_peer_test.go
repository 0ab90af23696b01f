package dealer_test

import (
	"time"

	"github.com/wampool/wampool/codec"
)

// maxPeers is how many other sidecars a world has at most.
const maxPeers = 3

// someOrigin adds an origin of any kind.
func (w *world) someOrigin() event {
	switch w.rng.IntN(5) {
	case 0:
		return event{kind: addOrigin, peer: !w.alone}
	case 1, 2:
		return event{kind: addOrigin, local: true}
	}
	return event{kind: addOrigin}
}

func (w *world) somePeer() *calleeBook {
	var peers []*calleeBook
	for _, c := range w.b.callees {
		if c != nil && c.peer {
			peers = append(peers, c)
		}
	}
	return some(w, peers)
}

func (w *world) newPeer() (event, bool) {
	n := 0
	for _, c := range w.b.callees {
		if c != nil && c.peer {
			n++
		}
	}
	e := event{kind: addCallee, peer: true, oneWay: w.distance(), features: w.features()}
	if w.rng.IntN(2) == 0 {
		e.features = codec.CalleeFeatures{CallCanceling: true, ProgressiveCallResults: true, ProgressiveCallInvocations: true, PayloadPassthruMode: true, CallTimeout: true}
	}
	return e, n < maxPeers
}

// distance is how far away a peer is: mostly as good as here, and sometimes as far as
// many calls take.
func (w *world) distance() time.Duration {
	switch w.rng.IntN(8) {
	case 0, 1, 2:
		return 0
	case 3:
		return time.Hour
	}
	return time.Duration(w.rng.IntN(4_000)) * time.Microsecond
}

func (w *world) offer() (event, bool) {
	c, p := w.somePeer(), some(w, w.b.pools)
	if c == nil || p == nil {
		return event{}, false
	}
	e := event{kind: offer, callee: c.id, pool: p.id, limit: 1 + w.rng.IntN(3)}
	if w.rng.IntN(20) == 0 {
		e.limit = -w.rng.IntN(2)
	}
	return e, true
}

func (w *world) withdraw() (event, bool) {
	c, p := w.somePeer(), some(w, w.b.pools)
	if c == nil || p == nil {
		return event{}, false
	}
	return event{kind: withdraw, callee: c.id, pool: p.id}, true
}

func (w *world) delay() (event, bool) {
	c := w.somePeer()
	if c == nil {
		return event{}, false
	}
	return event{kind: setDelay, callee: c.id, oneWay: w.distance()}, true
}

// followLoads mostly goes on.
func (w *world) followLoads() (event, bool) {
	return event{kind: followLoads, on: w.rng.IntN(4) > 0}, true
}
