package hosts

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
