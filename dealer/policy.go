package dealer

import "fmt"

// Policy is the rule by which a pool picks the callee of the next call. All of
// them skip callees without room. They are those of "Shared Registration",
// #name-shared-registration, and least beside them.
type Policy uint8

// The policies.
const (
	Single     Policy = iota + 1 // the only callee
	First                        // the one that registered first ("Hot Stand-By", #name-hot-stand-by), spilling over to the next
	Last                         // the one that registered last, spilling over to the one before
	RoundRobin                   // one after the other, in the order of registration ("Load Balancing", #name-load-balancing)
	Random                       // uniform over those with room
	Least                        // fewest calls in flight for its limit, ties one after the other
)

var policyNames = [...]string{
	Single: "single", First: "first", Last: "last", RoundRobin: "roundrobin", Random: "random", Least: "least",
}

func (p Policy) String() string { return policyNames[p] }

// ParsePolicy returns the policy of that name. The empty name is single, the
// default of REGISTER.Options.invoke ("Shared Registration",
// #name-shared-registration).
func ParsePolicy(name string) (Policy, error) {
	if name == "" {
		return Single, nil
	}
	for p, n := range policyNames {
		if n == name && n != "" {
			return Policy(p), nil
		}
	}
	return 0, fmt.Errorf("unknown policy %q: single, first, last, roundrobin, random and least exist", name)
}

// pick returns the registration that gets a call, nil if none has room that has
// not refused it before; a call that is just arriving is nil. It takes O(log n)
// in the number of callees.
func (d *Dealer) pick(p *pool, c *call) *registration {
	if c == nil || c.rare == nil || len(c.rare.refusers) == 0 {
		return d.pickAny(p)
	}
	var hidden []*registration
	for _, refuser := range c.rare.refusers {
		if r := refuser.registrations[p.id]; r != nil && r.active {
			p.roster.set(r.position, 0, noRoom)
			hidden = append(hidden, r)
		}
	}
	picked := d.pickAny(p)
	for _, r := range hidden {
		p.roster.refresh(r)
	}
	return picked
}

func (d *Dealer) pickAny(p *pool) *registration {
	ro := &p.roster
	if ro.withRoom() == 0 {
		return nil
	}
	position := -1
	switch p.config.Policy {
	case Single, First:
		position = ro.next(0)
	case Last:
		position = ro.previous()
	case Random:
		position = ro.nth(d.randomBelow(ro.withRoom()))
	case RoundRobin:
		if position = ro.next(ro.cursor + 1); position < 0 {
			position = ro.next(0)
		}
	case Least:
		position = ro.leastAfter(ro.cursor)
	default:
		panic("dealer: a pool must have a policy")
	}
	ro.cursor = position
	return ro.members[position]
}
