package match

import "time"

// begin opens an event: what time alone demands comes first.
func (m *Matchmaker) begin(now Time) {
	m.now = max(m.now, now)
	m.out = m.out[:0]
	for m.oldest != nil && m.now-m.oldest.at >= m.limits.Stale {
		m.forget(m.oldest)
	}
	m.land()
}

// claim returns what is kept of a node's pool, nil if there is no room for it.
func (m *Matchmaker) claim(from Node, of Pool) *claim {
	n, p := m.nodes[from], m.pools[of]
	if n != nil && p != nil {
		if c := n.claims[p]; c != nil {
			return c
		}
	}
	if m.claims >= m.limits.Claims || n == nil && len(m.nodes) >= m.limits.Nodes || len(of.Match)+len(of.URI) > maxNameBytes {
		return nil
	}
	if n == nil {
		n = &node{id: from, claims: make(map[*pool]*claim)}
		m.nodes[from] = n
	}
	if p == nil {
		p = &pool{key: of, takers: line{before: waitsLonger}, suppliers: line{before: hasMore}}
		m.pools[of] = p
	}
	c := &claim{node: n, pool: p, at: m.now}
	n.claims[p] = c
	p.claims++
	m.claims++
	m.link(c)
	return c
}

// forget takes a claim out, and the node and the pool of which nothing is left.
func (m *Matchmaker) forget(c *claim) {
	c.load = Load{Matched: c.given}
	c.way = way{}
	c.settle()
	m.unlink(c)
	delete(c.node.claims, c.pool)
	if len(c.node.claims) == 0 {
		delete(m.nodes, c.node.id)
	}
	if c.pool.claims--; c.pool.claims == 0 {
		delete(m.pools, c.pool.key)
	}
	m.claims--
}

// say takes a load. What was on its way is there by as many calls as the node has got
// from peers. Slots that are no more are those that calls were on the way to as well, as
// far as there are such: it is so mostly, and where it is not, it costs a refusal.
func (m *Matchmaker) say(c *claim, load Load) {
	landed := 0
	if c.load.Seq > 0 && load.Landed > c.load.Landed {
		landed = int(min(load.Landed-c.load.Landed, MaxClaim)) //nolint:gosec // bounded
	}
	c.way.arrive(max(landed, c.load.Free-load.Free))
	// What has not come by then never will, or the node has begun to count anew.
	if c.load.Seq == 0 || load.Matched < c.load.Matched || m.now-c.gaveAt >= m.limits.Flight {
		c.given = load.Matched
	}
	load.Matched = min(load.Matched, c.given)
	c.load, c.at = load, m.now
	m.unlink(c)
	m.link(c)
	c.settle()
}

// free returns the slots that nobody is on the way to.
func (c *claim) free() int { return c.load.Free - c.way.n }

// waiting returns the calls that no match is on its way for.
func (c *claim) waiting() int { return left(c.load.Waiting, c.given-c.load.Matched) }

// since returns when the oldest of those arrived, as if all had come evenly.
func (c *claim) since() Time {
	return c.at - time.Duration(c.waiting())*(c.load.Oldest/time.Duration(c.load.Waiting))
}

// link makes a claim the newest.
func (m *Matchmaker) link(c *claim) {
	if c.older = m.newest; c.older == nil {
		m.oldest = c
	} else {
		c.older.newer = c
	}
	m.newest = c
}

func (m *Matchmaker) unlink(c *claim) {
	if c.older == nil {
		m.oldest = c.newer
	} else {
		c.older.newer = c.newer
	}
	if c.newer == nil {
		m.newest = c.older
	} else {
		c.newer.older = c.older
	}
	c.older, c.newer = nil, nil
}
