// Package shipped runs the configurations and deployments that are shipped.
package shipped

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
