package wire

import (
	"net/netip"
	"testing"
	"time"
)

// TestConditionsOfALink shows what becomes of packets, each way by itself.
func TestConditionsOfALink(t *testing.T) {
	a, b := netip.MustParseAddr("10.77.0.1"), netip.MustParseAddr("10.77.0.2")
	w := New()
	w.Set(a, b, Condition{Rate: 1000}, Condition{Down: true})
	before := time.Now()
	first, arrives := w.fate(link{a, b}, 500)
	second, _ := w.fate(link{a, b}, 500)
	if !arrives || first.Sub(before) < 500*time.Millisecond || second.Sub(before) < time.Second {
		t.Errorf("500 bytes arrive in %v, 500 more in %v: 1000 bytes a second is the rate", first.Sub(before), second.Sub(before))
	}
	if _, arrives := w.fate(link{b, a}, 1); arrives {
		t.Error("a packet arrives over a link that is down this way")
	}
	w.Set(a, b, Condition{}, Condition{})
	if due, arrives := w.fate(link{b, a}, 1); !arrives || due.After(time.Now()) {
		t.Error("a good wire does not deliver at once")
	}
}
