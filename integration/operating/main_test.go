// Package operating looks at wampool and steers it as those do who run it: by its page,
// by its commands, by signals.
package operating

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
