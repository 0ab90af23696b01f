// Package peers has several sidecars that serve one procedure as one pool, found by one
// another's gossip and linked, before one Crossbar.io.
package peers

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
