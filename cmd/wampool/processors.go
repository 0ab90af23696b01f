package main

import (
	"os"
	"runtime"
	"time"

	"github.com/wampool/wampool/proxy/transport"
)

// Go wakes a thread for each processor that might find something to do, and mostly
// another one has done it by then: with a few calls in flight, that is much of what a
// call costs. So wampool runs on as few processors as its load needs, and on all of
// them as soon as those do not do. Whoever sets GOMAXPROCS decides it instead.

// lookInterval is how often the load is looked at.
const lookInterval = 100 * time.Millisecond

// calmLooks is how long fewer processors must be enough before there are fewer.
const calmLooks = 20

// fullLooks is how long so many must be hardly enough before there are more.
const fullLooks = 2

// processors is what is known of the load.
type processors struct {
	all  int // that the system lets the program use
	now  int // that it uses
	full int // looks at which they were hardly enough, one after the other
	calm int // looks at which fewer would have been enough, one after the other
	need int // the most that were needed at one of them
}

// look returns how many processors are to be used from now on, by the processor
// time that was used since the last look.
func (p *processors) look(used, passed time.Duration) int {
	busy := float64(used) / float64(passed)
	if busy > 0.95*float64(p.now) && p.now < p.all {
		p.calm, p.need = 0, 0
		if p.full++; p.full == fullLooks {
			p.now, p.full = p.all, 0
		}
		return p.now
	}
	p.full = 0
	need := min(1+int(busy/0.7), p.now)
	if need == p.now {
		p.calm, p.need = 0, 0
		return p.now
	}
	p.calm, p.need = p.calm+1, max(p.need, need)
	if p.calm == calmLooks {
		p.now, p.calm, p.need = p.need, 0, 0
	}
	return p.now
}

// followLoad begins to do so, and returns what ends it.
func followLoad() (end func()) {
	all := runtime.GOMAXPROCS(0)
	transport.SetOnOneProcessor(all == 1)
	if _, known := processorTime(); os.Getenv("GOMAXPROCS") != "" || all == 1 || !known {
		return func() {}
	}
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		keepLooking(processors{all: all, now: all}, stop)
	}()
	return func() {
		close(stop)
		<-ended
	}
}

// keepLooking ends with stop, and leaves all processors in use.
func keepLooking(p processors, stop <-chan struct{}) {
	defer use(p.all, p.all)
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	used, _ := processorTime()
	for at := time.Now(); ; {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		before, since := used, at
		used, _ = processorTime()
		at = time.Now()
		if n := p.now; p.look(used-before, at.Sub(since)) == n {
			continue
		}
		use(p.now, p.all)
		if p.now == p.all { // the system may have changed how many they are
			p.all = runtime.GOMAXPROCS(0)
			p.now = p.all
		}
	}
}

// use has the program use so many processors. With all of them, Go goes on to look
// at how many the system lets it use.
func use(n, all int) {
	if n < all {
		runtime.GOMAXPROCS(n)
	} else {
		runtime.SetDefaultGOMAXPROCS()
	}
	transport.SetOnOneProcessor(runtime.GOMAXPROCS(0) == 1)
}
