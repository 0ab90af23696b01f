package dealer_test

import (
	"math/rand/v2"

	"github.com/wampool/wampool/dealer"
)

// maxID is the highest request ID.
const maxID = 1 << 53

// requester gives the request IDs of an origin's calls. No router is bound to
// give consecutive ones, and a caller gives what it likes: in any order, with
// gaps, again, and beginning anew behind 2^53.
type requester struct {
	manner int // 0: not drawn yet
	last   uint64
	recent []uint64 // the last few, whether their calls have ended or not
}

func (w *world) requester(of dealer.OriginID) *requester {
	for len(w.requests) <= int(of) {
		w.requests = append(w.requests, new(requester))
	}
	return w.requests[of]
}

func (q *requester) next(rng *rand.Rand) uint64 {
	if q.manner == 0 {
		q.manner = 1 + rng.IntN(len(manners))
	}
	q.last = manners[q.manner-1](q, rng)
	q.recent = append(q.recent, q.last)
	if len(q.recent) > 30 {
		q.recent = q.recent[1:]
	}
	return q.last
}

// manners are what origins may be like; half of them are tame.
var manners = [...]func(*requester, *rand.Rand) uint64{
	ascending, ascending, ascending, ascending,
	func(_ *requester, rng *rand.Rand) uint64 { return 1 + rng.Uint64N(200) }, // in any order, again and again
	// Far away and back, a little below where it was, and a little above.
	func(_ *requester, rng *rand.Rand) uint64 {
		switch around := uint64(1000); rng.IntN(4) {
		case 0:
			return 5_000_000 + rng.Uint64N(40)
		case 1:
			return around - rng.Uint64N(50)
		default:
			return around + rng.Uint64N(50)
		}
	},
	// Around the end of all IDs, or one of the last again.
	func(q *requester, rng *rand.Rand) uint64 {
		if len(q.recent) > 0 && rng.IntN(4) == 0 {
			return q.recent[rng.IntN(len(q.recent))]
		}
		if q.last == 0 || rng.IntN(20) == 0 {
			return maxID - rng.Uint64N(20)
		}
		return (q.last+rng.Uint64N(3)*rng.Uint64N(40))%maxID + 1
	},
	// Any number at all, and one of the last again.
	func(q *requester, rng *rand.Rand) uint64 {
		if len(q.recent) > 0 && rng.IntN(3) == 0 {
			return q.recent[rng.IntN(len(q.recent))]
		}
		return []uint64{0, rng.Uint64N(4), rng.Uint64(), 1<<64 - 1 - rng.Uint64N(70), 1<<63 + rng.Uint64N(70)}[rng.IntN(5)]
	},
}

func ascending(q *requester, rng *rand.Rand) uint64 { return q.last + 1 + rng.Uint64N(3) }
