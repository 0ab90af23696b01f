package admission_test

import (
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/wampool/wampool/dealer/admission"
)

// router is the router that is played: it holds procedures, and answers when
// the world lets it, or never.
type router struct {
	rng        *rand.Rand
	procedures map[string][]*grant
	last       uint64 // registration given out last

	permissive bool            // lets anybody register twice
	denies     map[string]bool // who may not register: role and pool
	loses      float64         // odds of an answer to be lost
	refuses    float64         // odds of a REGISTER to be refused for no reason
	others     bool            // procedures are shared by who is not wampool
	unordered  bool            // answers come in any order, and from nowhere
	scarce     bool            // registration IDs come again, though not at once
}

// grant is a procedure that a connection has registered.
type grant struct {
	id     uint64
	key    string
	conn   *conn
	shared bool
}

// conn is a session at the router: a client's own, or a link's.
type conn struct {
	session admission.SessionID
	link    admission.LinkID
	isLink  bool
	role    string
	closed  bool
	answers []event // that the other side has not got yet
}

// register takes a REGISTER and returns the event that its answer is.
func (r *router) register(c *conn, key string, shared bool, granted, denied event) {
	switch {
	case r.denies[c.role+" "+key] || r.rng.Float64() < r.refuses:
		denied.why = admission.OtherError
		r.answer(c, denied)
		return
	case len(r.procedures[key]) > 0 && !r.permissive && !(shared && r.isShared(key) && !r.hasIt(c, key)):
		denied.why = admission.Exists
		if shared != r.isShared(key) || r.others && r.rng.IntN(4) == 0 {
			denied.why = admission.OtherPolicy
		}
		r.answer(c, denied)
		return
	}
	r.last++
	g := &grant{1000 + r.last, key, c, shared}
	if id := r.last % 300; r.scarce && !r.isLive(id) {
		g.id = id
	}
	r.procedures[key] = append(r.procedures[key], g)
	granted.registration = g.id
	r.answer(c, granted)
}

// isLive tells whether a registration ID is in use; 0 never is given.
func (r *router) isLive(id uint64) bool {
	for _, all := range r.procedures {
		for _, g := range all {
			if g.id == id {
				return true
			}
		}
	}
	return id == 0
}

// isShared tells whether a procedure is held by those who share it.
func (r *router) isShared(key string) bool {
	for _, g := range r.procedures[key] {
		if !g.shared {
			return false
		}
	}
	return true
}

func (r *router) hasIt(c *conn, key string) bool {
	for _, g := range r.procedures[key] {
		if g.conn == c {
			return true
		}
	}
	return false
}

// unregister takes an UNREGISTER, of what the connection may not have.
func (r *router) unregister(c *conn, registration uint64, answer event) {
	r.drop(func(g *grant) bool { return g.conn == c && g.id == registration })
	r.answer(c, answer)
}

func (r *router) drop(which func(*grant) bool) {
	for key, all := range r.procedures {
		kept := all[:0]
		for _, g := range all {
			if !which(g) {
				kept = append(kept, g)
			}
		}
		r.procedures[key] = kept
	}
}

func (r *router) answer(c *conn, e event) {
	if !c.closed && r.rng.Float64() >= r.loses {
		c.answers = append(c.answers, e)
	}
}

// hangUp ends a connection, with all that it has registered.
func (r *router) hangUp(c *conn) {
	if c == nil {
		return
	}
	c.closed, c.answers = true, nil
	r.drop(func(g *grant) bool { return g.conn == c })
}

// next takes the next answer of a connection.
func (r *router) next(c *conn) event {
	i := 0
	if r.unordered && r.rng.IntN(3) == 0 {
		i = r.rng.IntN(len(c.answers))
	}
	e := c.answers[i]
	if r.unordered && r.rng.IntN(8) == 0 {
		return e // and once more, later
	}
	c.answers = append(c.answers[:i:i], c.answers[i+1:]...)
	return e
}

// revoke takes a registration of a pool back, and returns whose it was; nil for
// none.
func (r *router) revoke() *grant {
	for _, key := range slices.Sorted(maps.Keys(r.procedures)) {
		for _, g := range r.procedures[key] {
			if g.conn.isLink {
				r.drop(func(other *grant) bool { return other == g })
				return g
			}
		}
	}
	return nil
}
