package proxy

import (
	"testing"
	"time"

	"github.com/wampool/wampool/configs"
)

func TestTimeoutUnits(t *testing.T) {
	for unit, want := range map[string]time.Duration{"ms": time.Millisecond, "s": time.Second} {
		r := &realm{proxy: new(Proxy)}
		r.proxy.current.Store(&configs.Config{Router: configs.Router{TimeoutUnit: unit}})
		if got := r.TimeoutUnit(); got != want || r.timeoutOf(5) != 5*want {
			t.Errorf("%s: 5 of %v are %v, want 5 of %v", unit, got, r.timeoutOf(5), want)
		}
		if huge := r.timeoutOf(1<<64 - 1); huge != maxCallTimeout {
			t.Errorf("%s: the largest timeout is %s", unit, huge)
		}
	}
}
