package transport

import (
	"errors"
	"sync/atomic"
)

// Quota bounds the connections of clients, at all listeners that have it.
type Quota struct {
	most  int64
	taken atomic.Int64
}

// NewQuota returns a Quota for so many connections at a time.
func NewQuota(most int) *Quota { return &Quota{most: int64(most)} }

// turnedAwayAtOnce is how many connections beyond the quota may be there to be
// told so. Others are closed without a word.
const turnedAwayAtOnce = 64

// errCrowded tells of a client beyond the quota.
var errCrowded = errors.New("too many connections (limits.connections)")

// take counts a connection. crowded is for one beyond the quota, which is to be
// told so; ok is false where there are too many even of those.
func (q *Quota) take() (crowded, ok bool) {
	if q == nil {
		return false, true
	}
	taken := q.taken.Add(1)
	if taken > q.most+turnedAwayAtOnce {
		q.taken.Add(-1)
		return true, false
	}
	return taken > q.most, true
}

func (q *Quota) giveBack() {
	if q != nil {
		q.taken.Add(-1)
	}
}
