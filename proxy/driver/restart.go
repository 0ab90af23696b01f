package driver

import (
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// Resume tells, after a panic, whether nothing was left half way: neither what the
// dealer has decided, nor what was to follow from it. The driver goes on then; else
// Restart has to follow.
func (d *Driver) Resume() bool {
	if len(d.undone()) > 0 || len(d.queue) > 0 {
		return false
	}
	d.at = event{}
	d.dealer.Done()
	return true
}

// undone returns what the dealer has decided and nobody has carried out.
func (d *Driver) undone() []dealer.Action {
	if d.at.isOpen {
		return d.at.actions[d.at.step:]
	}
	return d.dealer.Undone()
}

// Restart lets the dealer begin anew after a panic, see [dealer.Dealer.Restart]:
// callees and their registrations stay, and every call that waits or runs is
// answered by this ERROR. It returns these calls. What was to be done beside is done.
func (d *Driver) Restart(out *transport.Outbox, uri, text string) []dealer.Owed {
	undone, queue := slices.Clone(d.undone()), d.queue
	d.at, d.queue, d.settling = event{}, nil, false
	for _, f := range queue {
		if f.kind == unsent { // its INVOCATION never went out either
			undone = append(undone, dealer.Action{Kind: dealer.Invoke, Callee: f.action.Callee, ID: f.action.ID})
		}
	}
	answered := d.dealer.Restart(undone)
	for _, a := range undone {
		owed := dealer.Owed{Origin: a.Origin, Request: a.Request}
		if (a.Kind == dealer.Refuse || a.Kind == dealer.Forward && a.Final) && !slices.Contains(answered, owed) {
			answered = append(answered, owed)
		}
	}
	for _, owed := range answered {
		if to := d.Origin(owed.Origin); to != nil && to.Conn != nil {
			d.SendError(out, owed.Origin, owed.Request, uri, codec.TextPayload(to.Serializer, nil, text, nil))
		}
	}
	for i := range undone {
		switch a := &undone[i]; a.Kind {
		case dealer.Release, dealer.Revoke, dealer.Violate:
			d.carryOut(out, a, &Hand{})
		}
	}
	for _, f := range queue {
		if f.kind == violation || f.kind == owners {
			d.queue = append(d.queue, f)
		}
	}
	d.settle(out)
	return answered
}
