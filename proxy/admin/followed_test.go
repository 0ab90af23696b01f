package admin

import "testing"

// Whoever does not keep pace loses the calls that there is no room for, and is told how
// many; then it goes on.
func TestLostCalls(t *testing.T) {
	f := Follow(0)
	add := func(n int) {
		for range n {
			if f.Takes() {
				f.Add(&TracedCall{Request: 7})
			}
		}
	}
	add(maxUntold + 5)
	calls, lost, more := f.take(nil)
	if len(calls) != maxUntold || lost != 5 || !more {
		t.Errorf("%d calls, %d lost, more: %t", len(calls), lost, more)
	}
	add(3)
	if calls, lost, more = f.take(calls); len(calls) != 3 || lost != 0 || !more {
		t.Errorf("then %d calls, %d lost, more: %t", len(calls), lost, more)
	}
	f = Follow(3)
	add(2)
	if calls, lost, more = f.take(calls); len(calls) != 2 || lost != 0 || !more {
		t.Errorf("of three, %d calls, %d lost, more: %t", len(calls), lost, more)
	}
	add(2)
	if calls, lost, more = f.take(calls); len(calls) != 1 || lost != 0 || more {
		t.Errorf("at last %d calls, %d lost, more: %t", len(calls), lost, more)
	}
}
