package transport

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Time passes while somebody waits for a turn whose holder waits for time to pass.
func TestTurnIsAwaitedDurably(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var of turn
		of.Lock()
		var waiting sync.WaitGroup
		n := 0
		for range 3 {
			waiting.Go(func() {
				of.Lock()
				defer of.Unlock()
				n++
			})
		}
		synctest.Wait()
		<-time.After(time.Minute)
		if n != 0 {
			t.Error("somebody else had the turn")
		}
		of.Unlock()
		waiting.Wait()
		if n != 3 {
			t.Errorf("%d of 3 had their turn", n)
		}
	})
}

func TestTurnIsOnesAlone(t *testing.T) {
	var of turn
	var racing sync.WaitGroup
	n := 0
	for range 4 {
		racing.Go(func() {
			for range 10_000 {
				of.Lock()
				n++
				of.Unlock()
			}
		})
	}
	racing.Wait()
	if n != 40_000 {
		t.Errorf("counted to %d", n)
	}
}
