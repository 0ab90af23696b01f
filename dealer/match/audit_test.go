package match

import "fmt"

// Audit tells what does not agree in a matchmaker, nil if all does.
func (m *Matchmaker) Audit() error {
	claims := 0
	for key, p := range m.pools {
		own := 0
		for _, l := range []*line{&p.takers, &p.suppliers} {
			for i, c := range l.claims {
				if c.place != i || c.in != l || c.pool != p || i > 0 && l.before(c, l.claims[(i-1)/2]) {
					return fmt.Errorf("%v: a claim is at a wrong place in its line", key)
				}
			}
		}
		if len(p.takers.claims) > 0 && len(p.suppliers.claims) > 0 && len(m.flying) < maxFlying {
			return fmt.Errorf("%v: calls and slots are left", key)
		}
		for _, n := range m.nodes {
			if c := n.claims[p]; c != nil {
				own++
				if err := c.audit(); err != nil {
					return fmt.Errorf("%v: %w", key, err)
				}
			}
		}
		if claims += own; own != p.claims || own == 0 {
			return fmt.Errorf("%v: %d claims, %d are counted", key, own, p.claims)
		}
	}
	linked := 0
	for c := m.oldest; c != nil; c = c.newer {
		if linked++; c.newer != nil && (c.at > c.newer.at || c.newer.older != c) || c.newer == nil && c != m.newest {
			return fmt.Errorf("claims are not in the order in which they were said")
		}
	}
	if claims != m.claims || linked != m.claims {
		return fmt.Errorf("%d claims, %d in order, %d are counted", claims, linked, m.claims)
	}
	for i, f := range m.flying {
		if i > 0 && f.until < m.flying[i-1].until {
			return fmt.Errorf("matches do not end in their order")
		}
	}
	return nil
}

func (c *claim) audit() error {
	n := 0
	for _, l := range c.way.legs {
		n += l.n
	}
	switch {
	case n != c.way.n || n > c.load.Free:
		return fmt.Errorf("%d calls are on their way, %d are counted, to %d slots", n, c.way.n, c.load.Free)
	case (c.in == &c.pool.takers) != (c.waiting() > 0) || (c.in == &c.pool.suppliers) != (c.free() > 0):
		return fmt.Errorf("a claim is in a wrong line")
	case len(c.node.claims) == 0 || c.given < c.load.Matched:
		return fmt.Errorf("more matches have come than were made")
	}
	return nil
}

// Flying returns how many matches are remembered.
func (m *Matchmaker) Flying() int { return len(m.flying) }
