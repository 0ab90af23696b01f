// Package otherrouters has pools before fox-wamp, xconn and jawampa, which lack
// most of what Crossbar.io has.
package otherrouters

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
