package cluster

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// Serializer is what links speak.
const Serializer = codec.CBOR

// Link is a session with a peer that has joined, for one realm.
type Link struct {
	// Immutable.
	Conn   *transport.Conn
	Peer   Node
	Realm  string
	Role   string // of both pool sessions at the router
	Dialed bool   // by this side, which so is the supplier

	ended chan struct{} // closed when it is over

	mu    sync.Mutex
	sent  uint64    // number of the last ping
	at    time.Time // when it was sent; zero: it is answered
	since time.Time // when the first of those was sent that have no answer yet; zero: there is none
	trips []time.Duration
}

// tripsKept is how many round trips are looked back at. The shortest of them counts: all
// others have waited for a processor.
const tripsKept = 8

// lateness is after how long a ping without an answer tells more than all that had one.
const lateness = 250 * time.Millisecond

// RoundTrip returns the shortest of the last round trips; false before the first. While
// an answer is late it is how long that has been awaited: who hangs is not near.
func (l *Link) RoundTrip() (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.trips) == 0 {
		return 0, false
	}
	trip := slices.Min(l.trips)
	if !l.since.IsZero() {
		if late := time.Since(l.since); late > lateness {
			trip = max(trip, late)
		}
	}
	return trip, true
}

// ping asks the peer for a pong. It never blocks.
func (l *Link) ping(now time.Time) {
	var payload [8]byte
	l.mu.Lock()
	l.sent++
	l.at = now
	if l.since.IsZero() {
		l.since = now
	}
	binary.BigEndian.PutUint64(payload[:], l.sent)
	l.mu.Unlock()
	l.Conn.Ping(payload[:])
	l.Conn.Flush()
}

// pong takes the answer to the last ping. The link's reader calls it.
func (l *Link) pong(payload []byte) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(payload) != 8 || binary.BigEndian.Uint64(payload) != l.sent || l.at.IsZero() {
		return // late, or made up
	}
	if l.trips = append(l.trips, now.Sub(l.at)); len(l.trips) > tripsKept {
		l.trips = slices.Delete(l.trips, 0, 1)
	}
	l.at, l.since = time.Time{}, time.Time{}
}

// leave ends the link in good order.
func (l *Link) leave(reason string) {
	bye := codec.Goodbye{Reason: reason}
	if l.Conn.Send(bye.Append(nil, Serializer)) == nil {
		l.Conn.Flush()
	}
	l.Conn.Close(1000, "", closeLinger)
}

// closeLinger is how long an ending connection may take to deliver what was sent to it.
const closeLinger = time.Second
