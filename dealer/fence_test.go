package dealer_test

import (
	"testing"

	"github.com/wampool/wampool/dealer/proof"
)

// TestImportFence keeps the dealer a pure state machine.
func TestImportFence(t *testing.T) {
	proof.IsPure(t, "cmp", "errors", "fmt", "maps", "math", "math/bits", "slices", "strings", "time", "github.com/wampool/wampool/codec")
}
