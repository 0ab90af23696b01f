package configs

import (
	"os"
	"testing"
)

// TestReference reads the file that names every block and attribute, where it
// lies beside this tree.
func TestReference(t *testing.T) {
	const reference = "../../shared/reference.hcl"
	if _, err := os.Stat(reference); err != nil {
		t.Logf("%v: nothing to read", err)
		return
	}
	if _, err := Load(reference); err != nil {
		t.Error(err)
	}
}
