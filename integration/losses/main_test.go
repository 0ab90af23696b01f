// Package losses has programs that go while calls run, by themselves and by
// kill -9: callees, wampool, routers; and rolling restarts, in which no call fails.
package losses

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
