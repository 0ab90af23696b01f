package admission_test

import (
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
)

// The real dealer beside the registrar of a world: what the one says that the other
// must hear.

// tellDealer carries out what concerns the dealer.
func (w *world) tellDealer(a admission.Action, c *client) {
	now := w.now
	switch a.Kind {
	case admission.OpenPool:
		w.pools[a.Pool] = w.d.OpenPool(a.Pool, a.Config)
	case admission.Reform:
		if w.isOpen(a.Pool) {
			w.heed(w.d.Configure(now, w.pools[a.Pool], a.Config))
		}
		return
	case admission.Expel:
		actions, found := w.d.Leave(now, c.callee, a.Registration)
		must(found, membership, "session %d is expelled from pool %s, and is not in it", a.Session, a.Pool)
		w.heed(actions)
		return
	case admission.ClosePool:
		if w.isOpen(a.Pool) {
			w.d.ClosePool(now, w.pools[a.Pool])
		}
	case admission.RevokePool:
		w.d.Revoke(now, w.pools[a.Pool])
	case admission.Join:
		w.join(a, c)
	case admission.Leave:
		actions, found := w.d.Leave(now, c.callee, a.Registration)
		must(found, membership, "session %d leaves pool %s, and is not in it", a.Session, a.Pool)
		w.heed(actions)
		return
	case admission.Depart:
		w.lose(c)
		return
	}
	w.d.Done()
}

// isOpen tells whether the dealer has not closed a pool by itself.
func (w *world) isOpen(key string) bool {
	return slices.ContainsFunc(w.d.Pools(), func(p dealer.PoolState) bool { return p.Key == key && p.Open })
}

func (w *world) join(a admission.Action, c *client) {
	if !c.isCallee {
		c.callee, c.isCallee = w.d.AddCallee(codec.CalleeFeatures{}, 0), true
	}
	c.joined = append(c.joined, a.Registration)
	_, err := w.d.Join(w.now, dealer.Registration{
		Pool: w.pools[a.Pool], Callee: c.callee, ID: a.Registration, Policy: a.Policy, Limit: a.Limit, Force: a.Force,
	})
	must(err == nil, membership, "session %d is to join pool %s: %v", a.Session, a.Pool, err)
}

// lose tells the dealer that a callee is gone.
func (w *world) lose(c *client) {
	if c != nil && c.isCallee {
		c.isCallee = false
		w.heed(w.d.Lose(w.now, c.callee))
	}
}

// heed takes what the dealer decided.
func (w *world) heed(actions []dealer.Action) {
	for _, a := range actions {
		if a.Kind == dealer.Release {
			for key, id := range w.pools {
				if id == a.Pool && w.isDealers(key, id) {
					w.follow = append(w.follow, event{kind: released, key: key})
				}
			}
		}
	}
	w.d.Done()
}

// isDealers tells whether an ID is still the one that was given for a key.
func (w *world) isDealers(key string, id dealer.PoolID) bool {
	for other, its := range w.pools {
		if its == id && other != key && w.b.pools[other] != nil && w.b.pools[other].open {
			return w.b.pools[key] != nil && w.b.pools[key].open
		}
	}
	return true
}

// tickDealer lets the dealer close pools that have lingered.
func (w *world) tickDealer() {
	w.ticked = max(w.ticked, w.now)
	w.heed(w.d.Tick(w.now))
	w.doFollowing()
}

// doFollowing brings what the dealer has caused.
func (w *world) doFollowing() {
	for len(w.follow) > 0 {
		next := w.follow[0]
		w.follow = w.follow[1:]
		w.do(next)
	}
}
