package dealer_test

import (
	"slices"

	"github.com/wampool/wampool/dealer"
)

// followedAt tells which calls that end a world has the dealer tell of at a step: it
// changes in the midst of calls.
func followedAt(step int) dealer.Following {
	return [...]dealer.Following{dealer.FollowAll, dealer.FollowFailed, dealer.FollowAll, dealer.FollowNone}[step/256%4]
}

// checkEnds finds each call that ended in the last event told of once, as it was;
// while nobody follows, none.
func (b *books) checkEnds(d *dealer.Dealer, follows dealer.Following) (finding *broken) {
	defer recoverFinding(&finding)
	ends := d.Ends()
	if follows == dealer.FollowNone {
		must(ends == nil, told, "%d calls are told of, and nobody follows", len(ends))
		return nil
	}
	must(ends != nil, told, "nothing is told")
	for _, want := range b.ends {
		if follows == dealer.FollowFailed && !want.Outcome.HasFailed() {
			continue
		}
		i := slices.IndexFunc(ends, func(e dealer.End) bool {
			return e.Origin == want.Origin && e.Request == want.Request && e.Pool == want.Pool && e.Arrived == want.Arrived && (e.ID == want.ID || want.mayWait(e))
		})
		must(i >= 0, told, "the end of %+v is not told; told is %+v", want, ends)
		got := ends[i]
		if want.mayWait(got) {
			want.Callee, want.ID, want.Waited, want.Ran = got.Callee, 0, want.Waited+want.Ran, 0
		} else if got.ID == 0 {
			got.Callee = 0 // that it was at before, if at any
		}
		must(got == want.End && got.Outcome.String() == want.fate, told, "told is %+v by %q instead of %+v by %q", got, got.Outcome, want.End, want.fate)
		ends = slices.Delete(slices.Clone(ends), i, i+1)
	}
	must(len(ends) == 0, told, "what has not ended is told: %+v", ends)
	return nil
}

// endBook is a call that has ended in the event at hand.
type endBook struct {
	dealer.End
	fate string
}

// mayWait tells whether a call was handed on as its callee was lost, and refused while
// it waited: where not every message can be kept, nobody sees whether it was.
func (want *endBook) mayWait(e dealer.End) bool {
	return want.Outcome == dealer.CalleeLost && want.ID != 0 && e.ID == 0 && e.Callee == want.Callee
}

// tell notes the end of a call, which still has the state that it had.
func (b *books) tell(c *callBook) {
	e := dealer.End{
		Pool: c.pool.id, Key: c.pool.key, Origin: c.origin.id, Request: c.request, Direct: c.origin.local, Peer: c.origin.peer,
		Arrived: c.arrived, Waited: b.now - c.arrived, Bytes: c.bytes,
	}
	if c.state == running || c.state == defunct {
		e.Callee, e.ID, e.Waited, e.Ran = c.at.callee.id, c.id, c.begun-c.arrived, b.now-c.begun
	}
	for o := range dealer.Outcomes {
		if o.String() == c.fate {
			e.Outcome = o
		}
	}
	b.ends = append(b.ends, endBook{e, c.fate})
}
