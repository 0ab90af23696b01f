package admission_test

import (
	"testing"

	"github.com/wampool/wampool/dealer/proof"
)

// TestImportFence keeps admission a pure state machine.
func TestImportFence(t *testing.T) {
	proof.IsPure(t, "cmp", "errors", "fmt", "maps", "slices", "time", "github.com/wampool/wampool/codec", "github.com/wampool/wampool/dealer")
}
