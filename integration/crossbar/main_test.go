// Package crossbar has what becomes of calls before a Crossbar.io: shared by
// policy and pattern, limited, waiting, canceled, timed out, answered in parts,
// handed on, refused, and answered past the router. Many of these stories are
// told twice, at Crossbar.io's own feature too, where they show what it lacks.
package crossbar

import (
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
