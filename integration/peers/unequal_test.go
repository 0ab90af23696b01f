package peers

import (
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"
)

// Crossbar.io deals calls out to two sidecars, one after the other, of which one has eight
// slots and the other has one. At 80 % of what both can do together, none is refused.
func TestUnequalSidecars(t *testing.T) {
	f := &fleet{t: t, router: harness.SharedCrossbar(t)}
	const rules = "slots_per_share = 16\nqueue { limit = 45 }"
	slots := []int{8, 1}
	for range slots {
		f.start(rules)
	}
	for i, n := range slots {
		f.register(f.sides[i], n, 50*time.Millisecond)
	}
	f.meet()
	b := newBooks(t)
	b.openLoop(f.caller(), 0.8*9/0.05, 5*time.Second)
	t.Log(b)
	if len(b.failed) > 0 {
		t.Errorf("calls failed: %v", b.failed)
	}
}
