// Package behaviours has a list of what callees and callers may count on, told
// with bare messages and tried at each router: Crossbar.io, fox-wamp, xconn and
// jawampa. With -router URL it is tried at one that runs already, with -bare at
// the routers alone too.
package behaviours

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
