package transport

import (
	"fmt"
	"time"
)

// mostControls is how many pings and pongs a peer may send in a second. Each
// costs next to nothing, but without end they keep a processor busy that others
// need.
const mostControls = 1000

// controls counts a peer's pings and pongs. It is owned by the reader.
type controls struct {
	n     int
	since time.Time // when the first of them came
}

// count counts one more, and returns a *ProtocolError if that is too many. The
// clock is read twice in mostControls.
func (c *controls) count() error {
	c.n++
	switch c.n {
	case 1:
		c.since = time.Now()
	case mostControls:
		if time.Since(c.since) < time.Second {
			return &ProtocolError{codePolicy, fmt.Sprintf("%d pings and pongs in less than a second", mostControls)}
		}
		c.n = 0
	}
	return nil
}
