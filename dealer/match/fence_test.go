package match_test

import (
	"testing"

	"github.com/wampool/wampool/dealer/proof"
)

// TestImportFence keeps the matchmaker a pure state machine.
func TestImportFence(t *testing.T) {
	proof.IsPure(t, "container/heap", "encoding/binary", "math", "slices", "time")
}
